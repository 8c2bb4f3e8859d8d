/// One of the user's settings for mysqld.
enum DatabaseSetting {
    /// Its name with underscores in lower case, unless it is none of the user's.
    static func name(_ text: String) throws(Complaint) -> String {
        let name = String(text.lowercased().map { $0 == "-" ? "_" : $0 })
        let limit = 100
        guard let first = name.utf8.first, (0x61...0x7A).contains(first), name.utf8.count <= limit,
            name.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2E
            })
        else {
            throw Complaint("expected the name of a mysqld setting, such as max_connections, found \(text.quoted)")
        }
        if let owned = OwnedSettings.owner(of: name) {
            let alias = owned.name == name ? "" : " (mysqld may take it for \(owned.name))"
            throw Complaint("\(text.quoted)\(alias) is not yours to set: \(owned.reason)")
        }
        return name
    }

    /// The value as mysqld reads it from an option file, where some characters mean something else than
    /// themselves.
    static func value(_ scalar: Scalar, of name: String) throws(Complaint) -> String {
        let text = scalar.text
        let limit = 1000
        if scalar.isNothing {
            throw Complaint("\(name): expected a value, found nothing; for a switch write on or off")
        }
        if scalar.isPlain, ["yes", "no", "y", "n"].contains(text.lowercased()) {
            throw Complaint("\(name): mysqld does not know \(text.quoted); write on or off, or put quotes around it")
        }
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
        guard isPrintable, text.utf8.count <= limit else {
            throw Complaint("\(name): expected one line of at most \(limit) ASCII characters, found \(text.quoted)")
        }
        if let found = text.first(where: { "#\\".contains($0) }) {
            throw Complaint("\(name): expected a value without '\(found)', which an option file cannot carry")
        }
        if let first = text.first, let last = text.last, " \"'".contains(first) || last == " " {
            throw Complaint(
                "\(name): expected a value that begins with no quote and has no blanks around it, found \(text.quoted)")
        }
        if text.contains("\""), text.contains("'") {
            throw Complaint(
                "\(name): expected a value with single or double quotation marks, not both, found \(text.quoted)")
        }
        return text
    }
}
