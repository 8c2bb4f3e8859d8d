extension Loader {
    mutating func balancer(
        in root: OpenSection, isOnLoopback: Bool, appInstances: Int, isMonitored: Bool
    ) -> Balancer {
        let taken = Ports.reserved + (isMonitored ? Ports.reservedForMonitoring : [])
        let section = open("balancer", of: root, as: Schema.balancer)
        let http = number("http_port", in: section, onLoopback: isOnLoopback)
        let https = number("https_port", in: section, onLoopback: isOnLoopback)
        checkPort(http, name: "http_port", in: section, appInstances: appInstances, taken: taken)
        checkPort(https, name: "https_port", in: section, appInstances: appInstances, taken: taken)
        if http.value == https.value, http.isValid, https.isValid {
            // The default has no place in the file.
            let second = !https.isInFile || (http.isInFile && https.position < http.position) ? http : https
            let (name, other) =
                second.position == http.position ? ("http_port", "https_port") : ("https_port", "http_port")
            problems.add(
                "\(section.fullName(name)): port \(second.value) is \(section.fullName(other)) already; expected another port",
                at: second.position)
        }
        return Balancer(
            algorithm: Balancer.Algorithm(rawValue: text("algorithm", in: section).value) ?? .roundrobin,
            httpPort: Port(http.value, isFixed: http.isInFile),
            httpsPort: Port(https.value, isFixed: https.isInFile),
            maxConnections: number("max_connections", in: section).value)
    }

    /// A balancer may share its host with every other role.
    private mutating func checkPort(
        _ port: Found<Int>, name: String, in section: OpenSection, appInstances: Int, taken: [Ports.Reserved]
    ) {
        guard port.isValid else { return }
        var user = taken.first { $0.port == port.value }?.user
        if user == nil, (Ports.app..<Ports.app + appInstances).contains(port.value) {
            user = "instance \(port.value - Ports.app + 1) of the app"
        }
        guard let user else { return }
        problems.add(
            "\(section.fullName(name)): port \(port.value) is used by \(user); expected another port", at: port.position
        )
    }

    mutating func web(in root: OpenSection) -> Web {
        let section = open("web", of: root, as: Schema.web)
        var folders = staticFolders(in: section)
        let top = folders.removeValue(forKey: "/")
        return Web(
            staticFolder: top, staticPrefixes: folders.isEmpty ? nil : folders,
            bodyLimitBytes: number("body_limit", in: section).value)
    }

    mutating func ssh(in root: OpenSection, destinations: [String: SSHDestination]) -> SSHAccess {
        let section = open("ssh", of: root, as: Schema.ssh)
        return SSHAccess(
            user: optionalText("user", in: section)?.value, port: optionalNumber("port", in: section)?.value,
            configuration: optionalText("config", in: section)?.value, destinations: destinations)
    }

    mutating func engines(in root: OpenSection) -> Engines {
        let section = open("engines", of: root, as: Schema.engines)
        return Engines(
            haproxy: optionalText("haproxy", in: section)?.value,
            nginx: optionalText("nginx", in: section)?.value,
            mysqld: optionalText("mysqld", in: section)?.value,
            mysql: optionalText("mysql", in: section)?.value,
            etcd: optionalText("etcd", in: section)?.value,
            keepalived: optionalText("keepalived", in: section)?.value)
    }

    mutating func database(in root: OpenSection, stack: Found<String>) -> Database {
        let section = open("database", of: root, as: Schema.database)
        var database = Database(
            name: "", settings: settings(in: section),
            url: Database.URLForm(rawValue: text("url", in: section).value) ?? .mysql,
            waitSeconds: number("wait", in: section).value)
        if section.entries["name"] != nil || section.isExcused("name") {
            database.name = text("name", in: section).value
            return database
        }
        let name = String(stack.value.map { $0 == "-" ? "_" : $0 })
        if stack.isValid {
            do throws(Complaint) {
                try Grammar.checkDatabaseIsFree(name)
            } catch {
                problems.add(
                    "the database's name follows from the stack's, but \(error.message); set database.name",
                    at: stack.position)
            }
        }
        database.name = name
        return database
    }

    private mutating func settings(in section: OpenSection) -> [String: String] {
        guard let key = section.schema.key("settings"), let tree = section.entries["settings"]?.value, !tree.isNothing
        else { return [:] }
        var settings: [String: String] = [:]
        var lines: [String: Int] = [:]
        for entry in entries(of: tree, kind: key.kind, name: section.fullName("settings")) {
            do throws(Complaint) {
                let name = try DatabaseSetting.name(entry.key)
                if let line = lines.updateValue(entry.position.line, forKey: name) {
                    throw Complaint("\(name.quoted) is here twice; first in line \(line)")
                }
                if case .refused = entry.value.content { continue }
                guard case .scalar(let scalar) = entry.value.content else {
                    throw Complaint("\(name): expected one value, found \(entry.value.summary)")
                }
                settings[name] = try DatabaseSetting.value(scalar, of: name)
            } catch {
                problems.add("\(section.fullName("settings")): \(error.message)", at: entry.position)
            }
        }
        return settings
    }
}
