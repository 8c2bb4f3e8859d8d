extension Schema {
    /// What a key holds.
    indirect enum Kind: Sendable {
        case stackName
        case domain
        case databaseName
        case address
        case userName
        case sshDestination
        case choice([String])
        case port
        case count(ClosedRange<Int>)
        /// Bytes with a unit.
        case size(ClosedRange<Int>)
        /// Seconds with a unit.
        case duration(ClosedRange<Int>)
        case urlPath
        /// A path with its query, in which these words may stand in braces.
        case requestPath([String])
        case requestBody
        case mediaType
        case command
        /// Of a file or folder; relative to the stack file's folder.
        case path
        /// A path, or a map: the beginning of a URL's path, then the folder.
        case folders
        case variable
        case roles
        case networks
        case movingAddresses
        case interfaceName
        case section(Section)
        /// Name → section.
        case hosts(Section)
        case environment
        case secrets(Section)
        /// Name → command, or section.
        case workers(Section)
        /// Name → section.
        case jobs(Section)
        /// Patterns of paths below the stack file's folder.
        case files
        /// Times that return.
        case schedule
        case settings
        /// A URL, or where it comes from.
        case secretURL(Section)
        case secretSource(Section)
        case mailAddress
        case mailAddresses
        case hostAndPort
        case loginName

        /// For "expected …".
        var expectation: String {
            switch self {
            case .stackName: "a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter"
            case .domain: "a domain name such as shop.example.com, in lower case"
            case .databaseName: "a name of 1 to 32 letters, digits and underscores that begins with a letter"
            case .address: "an IPv4 address such as 10.0.0.11"
            case .userName: "a user's name of at most 32 letters, digits and -_."
            case .sshDestination: "[USER@]NAME[:PORT], where NAME is a host of ssh_config, a domain name or an address"
            case .choice(let words): "one of \(words.joined(separator: ", "))"
            case .port: "a port, 1 to 65535"
            case .count(let range): "a whole number, \(range.lowerBound) to \(range.upperBound)"
            case .size(let range):
                "a size such as 32mb (kb, mb or gb), \(Quantity.size(range.lowerBound)) to \(Quantity.size(range.upperBound))"
            case .duration(let range):
                "a time such as 30s (s, m or h), \(Quantity.duration(range.lowerBound)) to "
                    + Quantity.duration(range.upperBound)
            case .urlPath: "a path that begins with '/', of letters, digits and -._~/:@+,="
            case .requestPath(let words):
                "a path that begins with '/', with a query if need be, without blanks"
                    + (words.isEmpty ? "" : "; in it \(words.map { "{\($0)}" }.joined(separator: ", "))")
            case .requestBody: "the text of a request's body, with {text} in it"
            case .mediaType: "a media type such as application/json"
            case .command: "a command line"
            case .path: "a path, absolute or relative to the stack file"
            case .folders: "a folder, or a map: the beginning of a path such as /media, then its folder"
            case .variable: "the name of an environment variable: letters, digits and underscores"
            case .networks: "a list of networks such as 10.0.0.0/8 or 2001:db8::/32"
            case .movingAddresses: "an IPv4 address such as 10.0.0.100, a list of them, or none"
            case .interfaceName: "the name of a network interface such as eth0, of at most 15 characters"
            case .roles: "a list of \(Role.allCases.map(\.rawValue).joined(separator: ", "))"
            case .section(let section): "a map with \(section.keys.map(\.name).joined(separator: ", "))"
            case .hosts: "a map: each host's name, then its address and roles"
            case .environment: "a map of environment variables"
            case .secrets: "a list of names, or a map: name, then {env: VARIABLE}, {file: PATH} or {command: COMMAND}"
            case .workers(let section):
                "a map: each worker's name, then its command or a map with \(section.keys.map(\.name).joined(separator: ", "))"
            case .jobs(let section):
                "a map: each job's name, then a map with \(section.keys.map(\.name).joined(separator: ", "))"
            case .files: "a list of paths below the stack file's folder, such as [dist, \"static/**/*.css\"]"
            case .schedule: "the five fields of crontab(5) such as \"0 7 * * *\", or \"@daily\" and the like"
            case .settings: "a map of mysqld settings"
            case .secretURL:
                "a URL such as https://hooks.example.com/T0/B0, or {env: VARIABLE}, {file: PATH} or {command: COMMAND}"
            case .secretSource: "{env: VARIABLE}, {file: PATH} or {command: COMMAND}"
            case .mailAddress: "a mail address such as tandem@shop.example.com"
            case .mailAddresses: "a mail address such as ops@shop.example.com, or several with commas between them"
            case .hostAndPort: "a server's name or address with its port, such as smtp.example.com:587"
            case .loginName: "a user's name"
            }
        }
    }

    enum Value: Equatable {
        case text(String)
        case number(Int)
    }
}

extension Schema.Kind {
    /// The value of one scalar. Defaults go through here too.
    func read(_ scalar: Scalar, folder: String) throws(Complaint) -> Schema.Value {
        switch self {
        case .stackName, .domain, .databaseName, .address, .userName, .interfaceName, .sshDestination, .urlPath,
            .command, .path, .schedule,
            .folders, .variable, .requestPath,
            .requestBody, .mediaType, .secretURL, .mailAddress, .mailAddresses, .hostAndPort, .loginName:
            let text = try readText(scalar, folder: folder)
            // YAML versions disagree on what `no` and `010` are: where a word is expected, they need quotes.
            guard !scalar.isBoolean, !scalar.isNumber else {
                throw Complaint("\(mismatch(scalar).message); if it is meant as text, put quotes around it")
            }
            return .text(text)
        case .choice(let words):
            guard !words.contains(scalar.text) else { return .text(scalar.text) }
            // As in SIGTERM, which everybody but kill(1) says.
            let longer = words.first { scalar.text.uppercased().hasSuffix($0) }
            throw mismatch(scalar, suggestion: longer ?? NearestWord.find(scalar.text, among: words))
        case .port: return .number(try readNumber(scalar, in: 1...65535))
        case .count(let range): return .number(try readNumber(scalar, in: range))
        case .size(let range):
            guard let bytes = Quantity.bytes(scalar.text), range.contains(bytes) else {
                throw unitMismatch(scalar, "mb") { Quantity.bytes($0).map(range.contains) == true }
            }
            return .number(bytes)
        case .duration(let range):
            guard let seconds = Quantity.seconds(scalar.text), range.contains(seconds) else {
                throw unitMismatch(scalar, "s") { Quantity.seconds($0).map(range.contains) == true }
            }
            return .number(seconds)
        case .roles, .networks, .movingAddresses, .section, .hosts, .environment, .secrets, .workers, .jobs,
            .files, .settings, .secretSource:
            throw mismatch(scalar)
        }
    }

    func mismatch(_ scalar: Scalar, suggestion: String? = nil) -> Complaint { mismatch(scalar.summary, suggestion) }

    func mismatch(_ found: String, _ suggestion: String? = nil) -> Complaint {
        let hint = suggestion.map { "; did you mean \($0.quoted)?" } ?? ""
        return Complaint("expected \(expectation), found \(found)\(hint)")
    }

    private func readNumber(_ scalar: Scalar, in range: ClosedRange<Int>) throws(Complaint) -> Int {
        guard let number = Quantity.decimal(scalar.text), range.contains(number) else { throw mismatch(scalar) }
        return number
    }

    /// - Parameter isFine: whether a value would be taken; nothing else is suggested.
    private func unitMismatch(_ scalar: Scalar, _ unit: String, isFine: (String) -> Bool) -> Complaint {
        mismatch(scalar, suggestion: isFine(scalar.text + unit) ? scalar.text + unit : nil)
    }

    private func readText(_ scalar: Scalar, folder: String) throws(Complaint) -> String {
        let text = scalar.text
        if scalar.isNothing || text.isEmpty { throw mismatch(scalar) }
        switch self {
        case .stackName: try check(scalar, Grammar.isLabel(text, limit: 32), suggestion: Grammar.label(like: text))
        case .domain: try check(scalar, Grammar.isDomain(text), suggestion: Grammar.domain(like: text))
        case .address: try check(scalar, Grammar.isAddress(text))
        case .userName: try check(scalar, Grammar.isUserName(text))
        case .interfaceName: try check(scalar, Grammar.isInterfaceName(text))
        case .sshDestination: try check(scalar, SSHDestination(text) != nil)
        case .urlPath: try check(scalar, Grammar.isURLPath(text), suggestion: Grammar.urlPath(like: text))
        case .variable: try check(scalar, Grammar.isVariable(text))
        case .requestPath(let words): try check(scalar, Grammar.isRequestPath(text, words: words))
        case .requestBody: try Grammar.checkProcessText(text)
        case .mediaType: try check(scalar, Grammar.isMediaType(text))
        case .secretURL: try check(scalar, Grammar.isWebAddress(text))
        case .mailAddress: try check(scalar, Grammar.areMailAddresses(text) && !text.contains(","))
        case .mailAddresses: try check(scalar, Grammar.areMailAddresses(text))
        case .hostAndPort: try check(scalar, Grammar.isHostAndPort(text))
        case .loginName: try Grammar.checkProcessText(text)
        case .command: try Grammar.checkCommand(text)
        case .schedule:
            do throws(CronSchedule.Problem) {
                _ = try CronSchedule(parsing: text)
            } catch {
                throw Complaint("\(mismatch(scalar).message): \(error)")
            }
        case .databaseName:
            try check(scalar, Grammar.isDatabaseName(text))
            try Grammar.checkDatabaseIsFree(text)
        case .path, .folders: return try FilePath.resolve(text, in: folder)
        default: break
        }
        return text
    }

    private func check(_ scalar: Scalar, _ isFine: Bool, suggestion: String? = nil) throws(Complaint) {
        guard isFine else { throw mismatch(scalar, suggestion: suggestion) }
    }
}
