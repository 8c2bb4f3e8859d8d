/// Paths of files and folders that reach generated configuration.
enum FilePath {
    /// mysqld's own limit is 512.
    static let limitBytes = 500

    /// Quotes, escapes, variables, blocks, ends of statements and comments in HAProxy's, nginx's or MySQL's
    /// files. Nothing is escaped anywhere if none of them gets in.
    static let forbidden: [Unicode.Scalar] = ["\"", "'", "`", "\\", "$", "{", "}", ";", "#"]

    /// The absolute path. `..` stays in it: only the kernel knows where it leads behind a symbolic link.
    static func resolve(_ text: String, in folder: String) throws(Complaint) -> String {
        try check(text)
        let isAbsolute = text.hasPrefix("/")
        if text.hasPrefix("~") {
            throw Complaint("expected \(Schema.Kind.path.expectation), found \(text.quoted); '~' is not expanded")
        }
        let path = normalised(isAbsolute ? text : folder + "/" + text)
        guard path.utf8.count <= limitBytes else {
            throw Complaint("expected a path of at most \(limitBytes) bytes, found \(path.utf8.count) (\(path.quoted))")
        }
        return path
    }

    static func check(_ text: String) throws(Complaint) {
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                throw Complaint("a path must not hold control characters; found \(text.quoted)")
            default: break
            }
            guard !forbidden.contains(scalar) else {
                throw Complaint(
                    "a path must not hold \(scalar), which generated configuration cannot carry; found \(text.quoted)")
            }
        }
    }

    /// Without `.` and empty parts.
    static func normalised(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Whether serving a folder would serve the stack file, or what Tandem keeps for this stack or another.
    static func isExposing(_ path: String, stackFolder: String) -> Bool {
        let served = collapsed(path)
        let own = collapsed(stackFolder)
        let state: [Substring] = ["var", "lib", "tandem"]
        return own.starts(with: served) || served.contains(".tandem") || served.starts(with: state)
            || state.starts(with: served)
    }

    private static func collapsed(_ path: String) -> [Substring] {
        path.split(separator: "/").reduce(into: []) { parts, part in
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
    }
}
