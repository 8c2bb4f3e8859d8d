import TandemStack

extension NginxFile {
    /// What nobody outside is answered, whatever the app or `web: static` would say: Tandem's own folder, which holds
    /// keys and passwords and may lie in a folder that an app serves, and the stack file with its copies
    /// (`tandem.yaml~`).
    ///
    /// nginx compares with the path as it is after decoding and without `..` and `//`, in all folders. A name that is
    /// encoded twice is meant too, for apps that decode twice.
    func privatePaths() throws(BlueprintError) -> String {
        let names = (["tandem.yaml", "tandem.yml"] + [stack.fileName].compactMap(\.self)).uniqued
        let files = try names.map { name throws(BlueprintError) in try Self.pattern(name) }.joined(separator: "|")
        let paths = #"~*[/\\](?:\.|%(?:25)*2e)tandem(?!/health$)"#
        return """
            map $uri $tandem_private {
                default "";
                \(try NginxSyntax.literal(paths)) 1;
                \(try NginxSyntax.literal(#"~*[/\\][#.]*(?:\#(files))(?![a-z0-9_-])"#)) 1;
            }
            """
    }

    /// Where a folder of `web: static` really lies, since it may be replaced by a link at any time, as deploys do:
    /// never in a folder of Tandem's, nor in one that holds this host's, such as the stack file's.
    func exposedFolders() throws(BlueprintError) -> String {
        var path = ""
        var holders = ["/"]
        for part in site.layout.hostFolder.split(separator: "/") {
            path += "/\(part)"
            holders.append(path)
        }
        let patterns = try holders.map { folder throws(BlueprintError) in try Self.pattern(folder) }
        let own = try Self.pattern(path)
        return """
            map $realpath_root $tandem_exposed {
                volatile;
                default "";
                \(try NginxSyntax.literal("~^(?:\(patterns.joined(separator: "|")))$")) 1;
                \(try NginxSyntax.literal("~^\(own)/")) 1;
                \(try NginxSyntax.literal(#"~/\.tandem(?:/|$)"#)) 1;
                "~^/var/lib/tandem(?:/|$)" 1;
            }
            """
    }

    /// A regular expression for a file's name.
    private static func pattern(_ name: String) throws(BlueprintError) -> String {
        try singleLine(name, for: "nginx.conf").map { character in
            let isPlain = character.isLetter || character.isNumber || "_-".contains(character)
            return isPlain ? String(character) : "\\\(character)"
        }.joined()
    }
}
