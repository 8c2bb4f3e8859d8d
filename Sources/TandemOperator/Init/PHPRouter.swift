/// The script that decides what PHP's own server shows of a folder that holds more than public files.
enum PHPRouter {
    static let name = "tandem-router.php"

    /// It names what may be seen, not what may not: a file of a new kind is then missing rather than exposed.
    static let text = #"""
        <?php
        // Decides what PHP's own server shows of this folder: PHP scripts, and files of the kinds listed below.
        // index.php answers everything else, so tandem.yaml and hidden files are not shown. Written by `tandem init`.
        $path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
        if ($path === '/health') {
            header('Content-Type: text/plain');
            echo "ok\n";
            return true;
        }
        $shown = ['avif', 'css', 'eot', 'gif', 'htm', 'html', 'ico', 'jpeg', 'jpg', 'js', 'm4a', 'mjs', 'mp3', 'mp4',
            'ogg', 'otf', 'pdf', 'png', 'svg', 'ttf', 'wasm', 'webm', 'webmanifest', 'webp', 'woff', 'woff2', 'xsl'];
        $file = __DIR__ . $path;
        $isHidden = str_contains($path, '/.') || str_contains($path, "\0") || str_contains($path, '\\');
        if (!$isHidden) {
            if (is_dir($file) && !str_ends_with($path, '/')) {
                // Otherwise the links in the folder's page would lead to the folder above.
                header('Location: ' . implode('/', array_map('rawurlencode', explode('/', $path))) . '/', true, 301);
                return true;
            }
            $script = is_dir($file) ? $file . 'index.php' : $file;
            $ending = strtolower(pathinfo($script, PATHINFO_EXTENSION));
            if ($path !== '/' && is_file($script) && $ending === 'php' && $script !== __FILE__) {
                return false;
            }
            if (is_file($file) && (in_array($ending, $shown, true) || $path === '/robots.txt')) {
                return false;
            }
        }
        $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
        $_SERVER['SCRIPT_FILENAME'] = __DIR__ . '/index.php';
        chdir(__DIR__);
        require __DIR__ . '/index.php';

        """#
}
