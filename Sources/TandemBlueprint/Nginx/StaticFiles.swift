import TandemStack

/// `web: static`: files that nginx answers itself.
///
/// What is there is served, what is not goes to the app, as do hidden files and the sources of programs: a folder that
/// holds both, such as WordPress's or Laravel's `public`, is thereby split. Links in a folder are not followed: one
/// that leads out of it would publish what nobody meant to. (The folder itself may be one, as deploys make them:
/// `current -> releases/7`.)
struct StaticFiles {
    /// By the beginning of the path, which ends in a slash.
    let folders: [(prefix: String, folder: String)]

    init(_ web: Web) {
        let others = (web.staticPrefixes ?? [:]).sorted { $0.key < $1.key }.map { (prefix: $0.key, folder: $0.value) }
        folders = (web.staticFolder.map { [(prefix: "/", folder: $0)] } ?? []) + others
    }

    /// Source code of programs that a server would run, and what editors leave beside it.
    private static let programs =
        #"~*\.(?:php[0-9]?|phtml|pht|phps|phar|inc|module|py[co]?|rb|erb|pl|pm|t?cgi|fcgi|jspx?|aspx?|ascx|ashx|cfml?|lua)(?:~|\.(?:bak|old|orig|save|sw[op]|dist|tmp))?$"#
    private static let hidden = #"~/\.(?!well-known/)"#

    /// Names with a checksum in them, as bundlers make them: other content has another name. A checksum has eight
    /// digits and letters or more, of both kinds, so that neither a date nor a word is taken for one.
    private static let fingerprinted =
        #"~[.-](?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\.(?:[a-z]+\.)?(?:css|m?js|map|woff2?|png|jpe?g|gif|svg|webp|avif|ico|wasm)$"#

    /// What stands outside of the server.
    func maps() throws(BlueprintError) -> String {
        guard !folders.isEmpty else { return "" }
        // Nothing is there: Tandem's folder is never in a folder that is served.
        let nothing = "/.tandem/none"
        let prefixes = folders.filter { $0.prefix != "/" }.map { folder in
            let pattern = folder.prefix.map { ".+".contains($0) ? "[\($0)]" : String($0) }.joined()
            return "    \"~^\(pattern.dropLast())(/.*)$\" $1;\n"
        }
        return """
            # [web] static: the file for a path. Hidden files (.git, .env) and the sources of programs are the app's.
            map $uri $tandem_file {
                default $uri;
                \(try NginxSyntax.literal(Self.programs)) \(nothing);
                \(try NginxSyntax.literal(Self.hidden)) \(nothing);
            \(prefixes.joined())}
            # Files are asked for anew, and mostly not sent anew; those with a checksum in their name are kept.
            map $uri $tandem_cache {
                default no-cache;
                \(try NginxSyntax.literal(Self.fingerprinted)) "public, max-age=31536000, immutable";
            }
            # The page of a folder whose path came without its slash.
            map "$request_method $uri" $tandem_page {
                default \(nothing);
                "~^(?:GET|HEAD) .*[^/]$" $tandem_file/index.html;
            }
            # The last part of the path, as the client wrote it.
            map $request_uri $tandem_last {
                default "";
                "~^[^?]*/([^/?]+)(?:[?]|$)" $1;
            }
            """
    }

    /// Locations, with the app's as `@app`.
    func locations() throws(BlueprintError) -> String {
        let rest =
            folders.isEmpty || folders[0].prefix == "/" ? "" : "location / {\n    try_files /.tandem/none @app;\n}\n"
        return try rest
            + folders.map { place throws(BlueprintError) in
                """
                location \(place.prefix) {
                    root \(try NginxSyntax.expanded(place.folder));
                    disable_symlinks on from=$document_root;
                    if ($tandem_exposed) {
                        return 404;
                    }
                    add_header Cache-Control $tandem_cache;
                    gzip_proxied any;
                    # A folder's page has links relative to the folder. The answer names neither scheme nor host, nor anything that a
                    # browser could take for one.
                    if (-f $document_root$tandem_page) {
                        return 301 ./$tandem_last/$is_args$args;
                    }
                    try_files $tandem_file $tandem_file/index.html @app;
                    # Static files know no POST; the app may.
                    error_page 405 = @app;
                }

                """
            }.joined()
    }
}
