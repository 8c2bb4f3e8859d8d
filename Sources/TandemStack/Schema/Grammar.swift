/// The strict grammars of the words that reach generated configuration. Only ASCII is in any of them, so that
/// nothing can be smuggled in that another program reads differently.
enum Grammar {
    /// A DNS label in lower case. It begins with a letter: `1` and `0x7f` are addresses to much software.
    static func isLabel(_ text: String, limit: Int = 63) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...limit).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isLetter(first) && last != hyphen && bytes.allSatisfy { isLetterOrDigit($0) || $0 == hyphen }
    }

    /// A worker's name has room in a table.
    static let workerNameLimit = 20

    /// At most 253 characters, labels of at most 63, the last not a number (that would be an address).
    static func isDomain(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, let top = labels.last, isLabel(String(top)) else { return false }
        return labels.allSatisfy { label in
            let bytes = Array(label.utf8)
            return (1...63).contains(bytes.count) && bytes.first != hyphen && bytes.last != hyphen
                && bytes.allSatisfy { isLetterOrDigit($0) || $0 == hyphen }
        }
    }

    /// A unicast IPv4 address in dotted decimal without leading zeros.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Quantity.decimal($0) ?? -1 }
        guard parts.count == 4, parts.allSatisfy({ (0...255).contains($0) }) else { return false }
        return (1...223).contains(parts[0]) && text != "127.0.0.0" && text != "127.255.255.255"
    }

    /// Of an account on a host. No option of a command line begins like it, and no shell reads it otherwise.
    static func isUserName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...32).contains(bytes.count), let first = bytes.first, first != hyphen, first != UInt8(ascii: ".")
        else { return false }
        return bytes.allSatisfy(isOfName)
    }

    /// Of a network interface: Linux gives it 15 characters.
    static func isInterfaceName(_ text: String) -> Bool { isUserName(text) && text.utf8.count <= 15 }

    /// A name of ssh_config(5), a domain name or an IPv4 address.
    static func isReachableName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...253).contains(bytes.count), let first = bytes.first, first != hyphen, first != UInt8(ascii: ".")
        else { return false }
        return bytes.allSatisfy(isOfName)
    }

    /// An IPv6 address, if need be with its zone; whether it is one is said by the program that dials it.
    static func isAddressWithColons(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        return (2...63).contains(bytes.count) && bytes.contains(UInt8(ascii: ":")) && bytes[0] != hyphen
            && bytes.allSatisfy { isOfName($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }
    }

    /// A path without query that no proxy rewrites.
    static func isURLPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 255, !text.contains("//") else { return false }
        let segments = text.split(separator: "/")
        guard !segments.contains("."), !segments.contains("..") else { return false }
        return text.utf8.allSatisfy {
            isLetterOrDigit($0) || (0x41...0x5A).contains($0) || "-._~/:@+,=".utf8.contains($0)
        }
    }

    /// What may follow a host in a URL, with words in braces that are filled in later.
    static func isRequestPath(_ text: String, words: [String]) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 1000 else { return false }
        let plain = words.reduce(text) { $0.replacing("{\($1)}", with: "") }
        return plain.utf8.allSatisfy {
            isLetterOrDigit($0) || (0x41...0x5A).contains($0) || "-._~/:@+,=%?&;!$'()*[]".utf8.contains($0)
        }
    }

    static func isMediaType(_ text: String) -> Bool {
        let parts = text.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 100 && parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || (0x41...0x5A).contains($0) || "-._+/;= ".utf8.contains($0)
            }
    }

    /// `http://` or `https://` and a host, without blanks.
    static func isWebAddress(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
        let rest = text.dropFirst(scheme.count)
        return text.utf8.count <= 2000 && rest.utf8.first.map { !"/?#:".utf8.contains($0) } == true
            && rest.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"\\<>".utf8.contains($0) }
    }

    static func areMailAddresses(_ text: String) -> Bool {
        let all = text.split(separator: ",", omittingEmptySubsequences: false)
        return text.utf8.count <= 1000
            && all.allSatisfy { entry in
                let parts = entry.drop { $0 == " " }.split(separator: "@", omittingEmptySubsequences: false)
                return parts.count == 2
                    && parts.allSatisfy { part in
                        !part.isEmpty
                            && part.utf8.allSatisfy {
                                isLetterOrDigit($0) || (0x41...0x5A).contains($0) || "-._+=".utf8.contains($0)
                            }
                    }
            }
    }

    static func isHostAndPort(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = Quantity.decimal(parts[1]), (1...65535).contains(port) else { return false }
        return isAddress(String(parts[0])) || isDomain(parts[0].lowercased())
    }

    static func isVariable(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), let first = bytes.first, !isDigit(first) else { return false }
        return bytes.allSatisfy { isLetterOrDigit($0) || (0x41...0x5A).contains($0) || $0 == underscore }
    }

    /// MySQL allows more; a user's name has at most 32 characters.
    static func isDatabaseName(_ text: String) -> Bool {
        isVariable(text) && text.utf8.count <= 32 && text.utf8.first != underscore
    }

    /// Databases and users that MySQL or Tandem have for themselves.
    static func checkDatabaseIsFree(_ name: String) throws(Complaint) {
        let lower = name.lowercased()
        if ["mysql", "sys", "information_schema", "performance_schema", "root"].contains(lower) {
            throw Complaint("the name \(name.quoted) belongs to MySQL itself; expected another name")
        }
        if lower == "tandem" || lower.hasPrefix("tandem_") {
            throw Complaint("the name \(name.quoted) belongs to Tandem's own data; expected another name")
        }
    }

    /// The shell takes everything but NUL. One argument of a Linux process has at most 128 KiB.
    static func checkCommand(_ text: String) throws(Complaint) {
        if text.allSatisfy(\.isWhitespace) { throw Complaint("expected a command line, found nothing but blanks") }
        try checkProcessText(text)
    }

    static func checkProcessText(_ text: String) throws(Complaint) {
        let limitBytes = 100_000
        if text.utf8.contains(0) {
            throw Complaint("expected text without NUL characters, which no process can be given")
        }
        if text.utf8.count > limitBytes {
            throw Complaint("expected at most \(limitBytes) bytes, found \(text.utf8.count)")
        }
    }

    // What the user may have meant.

    static func label(like text: String) -> String? {
        var label = text.lowercased().map { $0 == "_" || $0 == " " || $0 == "." ? "-" : $0 }
        while label.last == "-" { label.removeLast() }
        let result = String(label.prefix(32))
        return isLabel(result) ? result : nil
    }

    static func domain(like text: String) -> String? {
        var domain = text.lowercased()
        for scheme in ["https://", "http://"] where domain.hasPrefix(scheme) { domain.removeFirst(scheme.count) }
        domain = String(domain.prefix { $0 != "/" && $0 != ":" })
        while domain.last == "." { domain.removeLast() }
        return isDomain(domain) ? domain : nil
    }

    static func urlPath(like text: String) -> String? {
        let path = "/" + text.drop { $0 == "/" }.prefix { $0 != "?" }
        return isURLPath(path) ? path : nil
    }

    private static let hyphen = UInt8(ascii: "-")
    private static let underscore = UInt8(ascii: "_")

    private static func isOfName(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || (0x41...0x5A).contains(byte) || "-_.".utf8.contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
