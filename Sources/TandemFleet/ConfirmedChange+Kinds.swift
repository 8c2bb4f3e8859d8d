/// The kinds of change that could cut a host off.
extension ConfirmedChange {
    /// The rules of `inet tandem`, replaced in one transaction; every other table stays.
    ///
    /// What comes back, if it is undone, is what the kernel had: also where that was not what the file said.
    /// - Parameters:
    ///   - path: where the rules lie for the next boot.
    ///   - unit: the file of the unit that loads them then; nil: somebody else sees to that.
    ///   - others: files that belong to it.
    public static func firewall(
        rules: String, path: String, unit: File? = nil, others: [File] = [], undoAfterSeconds: Int = 60
    ) -> ConfirmedChange {
        let file = ShellWord.quoted(path)
        let unitName = unit.map { Self.name(of: $0) }
        let links = unit.map { [$0, Self.link(to: $0, wantedBy: "sysinit.target")] } ?? []
        let start = unitName.map { " && systemctl daemon-reload && systemctl start \(ShellWord.quoted($0))" } ?? ""
        return ConfirmedChange(
            name: "the firewall", files: [File(path: path, content: .text(rules))] + links + others,
            script: Script(
                note: #"nft -s list table inet tandem > "$1/table" 2>/dev/null || : > "$1/table""#,
                check: "nft -c -f \"$(staged \(file))\"", apply: "\(Self.acquaintance)\nnft -f \(file)\(start)",
                holds: "nft list table inet tandem",
                undo: #"{ echo 'table inet tandem'; echo 'delete table inet tandem'; cat "$1/table"; } | nft -f -"#
                    + (unit == nil ? "" : " && systemctl daemon-reload")),
            undoAfterSeconds: undoAfterSeconds)
    }

    /// keepalived: its settings, its unit, and whether it runs. It takes other settings up without letting an address
    /// go; another unit, only anew.
    /// - Parameters:
    ///   - settings: the generated file, and where it lies.
    ///   - check: the command that looks at it, in which its path stands as `--use-file=PATH`.
    ///   - unit: the unit's file, whose last part is its name.
    ///   - wantedBy: the units that start it, in the folder of the unit's file.
    public static func keepalived(
        settings: File, check: [String], unit: File, wantedBy: [String], undoAfterSeconds: Int = 60
    ) -> ConfirmedChange {
        let links = wantedBy.map { Self.link(to: unit, wantedBy: $0) }
        let (word, unitFile) = (ShellWord.quoted(Self.name(of: unit)), ShellWord.quoted(unit.path))
        // The check runs as the user `nobody`, who cannot read root's folder.
        let words = check.map {
            $0 == "--use-file=\(settings.path)" ? "\"--use-file=$copy\"" : ShellWord.quoted($0)
        }
        return ConfirmedChange(
            name: "keepalived", files: [settings, unit] + links,
            script: Script(
                note: """
                    systemctl is-active --quiet \(word) && : > "$1/was-active"
                    cmp -s "$(staged \(unitFile))" \(unitFile) && : > "$1/same-unit"; :
                    """,
                check: """
                    copy=$(mktemp) && cat "$(staged \(ShellWord.quoted(settings.path)))" > "$copy" && chmod 644 "$copy" || exit
                    \(words.joined(separator: " ")); status=$?; rm -f "$copy"; exit $status
                    """,
                apply: """
                    systemctl daemon-reload && if [ -e "$1/same-unit" ]; then systemctl reload-or-restart \(word); \
                    else systemctl restart \(word); fi
                    """,
                holds: "systemctl is-active --quiet \(word)",
                undo: """
                    systemctl daemon-reload; if [ ! -e "$1/was-active" ]; then systemctl stop \(word) || :; \
                    elif [ -e "$1/same-unit" ]; then systemctl reload-or-restart \(word); else systemctl restart \(word); fi
                    """),
            undoAfterSeconds: undoAfterSeconds)
    }

    /// Connections that are there already are to be known before the first rule asks for that: a stream on which only
    /// the other side speaks, such as etcd's between its members, would be cut.
    private static let acquaintance = """
        if ! nft list table inet tandem >/dev/null 2>&1; then
            nft 'table inet tandem { chain input { type filter hook input priority filter; ct state established accept; }; }' || exit
            sleep 2
        fi
        """

    /// Ends a unit of Tandem's for good, where there is one.
    /// - Parameter files: that belong to it.
    public static func withoutUnit(_ name: String, files: [String], undoAfterSeconds: Int = 60) -> ConfirmedChange {
        let word = ShellWord.quoted(name)
        return ConfirmedChange(
            name: "the rest", files: files.map { File(path: $0, content: .absent) },
            script: Script(
                note: "if systemctl is-active --quiet \(word); then : > \"$1/had-unit\"; fi",
                apply:
                    "if systemctl is-active --quiet \(word); then systemctl stop \(word) || exit; fi; systemctl daemon-reload",
                holds: "! systemctl is-active --quiet \(word)",
                undo: "systemctl daemon-reload; if [ -e \"$1/had-unit\" ]; then systemctl start \(word); fi"),
            undoAfterSeconds: undoAfterSeconds)
    }

    private static func name(of unit: File) -> String { unit.path.split(separator: "/").last.map(String.init) ?? "" }

    /// What enables a unit.
    private static func link(to unit: File, wantedBy other: String) -> File {
        let folder = unit.path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        return File(path: "\(folder)/\(other).wants/\(name(of: unit))", content: .link(to: unit.path))
    }

    /// Both in one: confirmed together, and undone together, the second one first.
    public func adding(_ other: ConfirmedChange) -> ConfirmedChange {
        func one(_ first: String, _ second: String) -> String { "( \(first)\n) && ( \(second)\n)" }
        return ConfirmedChange(
            name: "\(name) and \(other.name)", files: files + other.files,
            script: Script(
                note: one(script.note, other.script.note), check: one(script.check, other.script.check),
                apply: one(script.apply, other.script.apply),
                holds: one(script.holds, other.script.holds), undo: one(other.script.undo, script.undo)),
            undoAfterSeconds: max(undoAfterSeconds, other.undoAfterSeconds))
    }
}
