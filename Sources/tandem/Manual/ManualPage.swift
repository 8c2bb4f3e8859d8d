import TandemOperator
import TandemStack

/// The manual page, tandem(1), as man(7) has it.
struct ManualPage {
    var root: CommandDescription
    var version: String

    var text: String {
        ([
            #".\" Written by `tandem man` from the commands' own descriptions."#,
            #".TH TANDEM 1 "" "tandem \#(version)" "Tandem""#,
            ".SH NAME", "tandem \\- run a web application on two of everything",
            ".SH SYNOPSIS", ".B tandem", ".I COMMAND", "[\\fIARGUMENTS\\fR]",
            ".SH DESCRIPTION", Self.escaped(root.abstract ?? ""), ".PP",
            "One file, tandem.yaml, declares the stack; it is looked for in the current folder and in those above it.",
            "What may stand in it is shown by", ".BR \"tandem docs\" .",
            "Data goes to the standard output, progress and errors to the standard error.",
            ".SH COMMANDS",
        ] + root.shownSubcommands.flatMap { section($0, path: "") } + Self.rest).joined(separator: "\n") + "\n"
    }

    private func section(_ command: CommandDescription, path: String) -> [String] {
        let name = path.isEmpty ? command.commandName : "\(path) \(command.commandName)"
        var lines = [".SS tandem \(name)\(usage(command))"]
        if let abstract = command.abstract { lines.append(Self.escaped(abstract)) }
        for paragraph in paragraphs(command.discussion) { lines += [".PP"] + paragraph }
        for argument in command.shownArguments {
            lines += [".TP", head(argument), Self.escaped(body(argument))]
        }
        return lines + command.shownSubcommands.flatMap { section($0, path: name) }
    }

    /// Positional arguments; options are told below.
    private func usage(_ command: CommandDescription) -> String {
        command.shownArguments.filter { $0.kind == "positional" }.map { argument in
            let name = "\\fI\((argument.valueName ?? "value").uppercased())\\fR\(argument.isRepeating ? "..." : "")"
            return argument.isOptional ? " [\(name)]" : " \(name)"
        }.joined()
    }

    private func head(_ argument: CommandDescription.Argument) -> String {
        let value = "\\fI\((argument.valueName ?? "value").uppercased())\\fR"
        guard argument.kind != "positional" else { return value }
        let names = (argument.names ?? []).sorted { $0.text.count < $1.text.count }
            .map { "\\fB\(Self.escaped($0.text))\\fR" }.joined(separator: ", ")
        return argument.kind == "option" ? "\(names) \(value)" : names
    }

    private func body(_ argument: CommandDescription.Argument) -> String {
        let text = argument.abstract ?? ""
        guard argument.kind == "option", let preset = argument.defaultValue else { return text }
        return "\(text) Default: \(preset)."
    }

    /// Lines that are indented are shown as they are, as commands to type.
    private func paragraphs(_ text: String?) -> [[String]] {
        (text ?? "").split(separator: "\n\n").map { paragraph in
            var lines: [String] = []
            for line in paragraph.split(separator: "\n") {
                if line.hasPrefix("  ") {
                    lines += [".RS 4", ".nf", Self.escaped(String(line.drop { $0 == " " })), ".fi", ".RE"]
                } else {
                    lines.append(Self.escaped(String(line)))
                }
            }
            return lines
        }
    }

    /// roff reads meaning into backslashes, hyphens, and dots and quotes at the start of a line.
    static func escaped(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static let rest = [
        ".SH EXIT STATUS",
        ".TP", "0", "fine",
        ".TP", "1", "failed; the message says what was being done, what happened and what to do",
        ".TP", "2", "usage: an unknown command, option, host or service",
        ".TP", "3",
        "the stack file is wrong, or there is none, or it fixes a port that is taken, or names a secret that is not there; "
            + "nothing was changed",
        ".TP", "4", "not running",
        ".TP", "5", "plan \\-\\-exit\\-code: there is something to change",
        ".SH ENVIRONMENT",
        ".TP", ".B NO_COLOR", "No colours, when it is not empty.",
        ".TP", ".B TANDEM_ENGINES", "The folder of the servers' programs, absolute.",
        ".TP", ".B XDG_RUNTIME_DIR",
        "Where unix sockets lie, unless it is a login's own folder, which a logout deletes: then below /tmp.",
        ".SH FILES",
        ".TP", ".I tandem.yaml", "The stack file.",
        ".TP", ".I .tandem/NAME/", "All of a stack, for an ordinary user: data, logs, passwords.",
        ".TP", ".I /var/lib/tandem/stacks/NAME/", "The same, for root.",
        ".TP", ".I ~/.cache/tandem/engines/, /var/lib/tandem/engines/", "The servers' programs.",
        ".SH SEE ALSO", ".BR haproxy (1),", ".BR nginx (8),", ".BR mysqld (8)",
    ]
}
