public import TandemStack

/// All that one host needs to do its part without Tandem, but for certificates and secrets. Pure.
public struct EjectedHost: Sendable {
    public var host: Host
    /// Absolute paths on that host.
    public var files: [FileBlueprint]
    /// In start order.
    public var units: [String]
    /// What prepares a new version of the app, on the host that does so.
    public var preparationUnit: String?
    /// Instances of the app, with the variables that they get.
    public var environments: [(file: String, variables: [String: EnvironmentValue])]
    public var layout: Layout

    /// - Parameter leadership: who is primary, for good.
    public init(
        stack: Stack, host: Host, names: EjectedNames, programs: Layout.Programs, leadership: Leadership
    ) throws(BlueprintError) {
        self.host = host
        layout = names.layout(host, programs: programs)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout, leadership: leadership)
        let rules = layout.firewallFile
        var files = blueprint.files.filter { $0.path != rules }
        if let file = blueprint.files.first(where: { $0.path == rules }) {
            let firewall = EjectedFirewall(file, host: host, names: names)
            files += [firewall.rules, firewall.unit, firewall.addition]
        }
        var units: [String] = []
        var environments: [(file: String, variables: [String: EnvironmentValue])] = []
        let writable = [layout.hostFolder, layout.logFolder, layout.socketFolder]
        let openFiles = max(65_536, 2 * stack.balancer.maxConnections + 1000)
        // Without agents no host can claim what one of them is to do, so the first app host alone does it.
        let isFirst = stack.hosts(.app).first?.name == host.name
        for service in blueprint.services where service.placement != .one || isFirst {
            let unit = names.unit(host, service)
            let isDatabase = service.name == .mysql
            let text = try SystemdUnit(
                service: service, host: host, names: names,
                after: Self.after(service, host, names, blueprint),
                stop: isDatabase ? ["/bin/sh", Self.stopFile(layout)] : nil,
                wait: isDatabase ? ["/bin/sh", Self.waitFile(layout)] : nil, writableFolders: writable,
                openFiles: openFiles
            ).text()
            files.append(FileBlueprint(path: "\(names.unitFolder)/\(unit)", contents: text, mode: 0o644))
            units.append(unit)
            if service.account == .application {
                environments.append((file: names.environmentFile(host, service), variables: service.environment))
            }
        }
        for job in isFirst ? blueprint.jobs : [] {
            let ejected = EjectedJob(
                job: job, host: host, names: names, after: Self.after(job.service, host, names, blueprint),
                openFiles: openFiles)
            files += try ejected.files()
            units.append(ejected.timer)
            environments.append(
                (file: names.environmentFile(host, job.service), variables: job.service.environment))
        }
        if let keepalived = blueprint.keepalived {
            let unit = names.unit(host, keepalived)
            let haproxy = blueprint.services.first { $0.name == .haproxy }.map { names.unit(host, $0) } ?? ""
            let text = try KeepalivedUnit(
                site: Site(stack: stack, host: host, layout: layout, leadership: leadership), service: keepalived,
                bond: .haproxy(haproxy), origin: KeepalivedUnit.ejected
            ).text()
            files.append(FileBlueprint(path: "\(names.unitFolder)/\(unit)", contents: text, mode: 0o644))
            units.append(unit)
        }
        if let preparation = blueprint.preparation {
            let text = try SystemdUnit(
                service: preparation, host: host, names: names, after: Self.after(preparation, host, names, blueprint),
                stop: nil, isOnce: true, writableFolders: writable, openFiles: openFiles
            ).text()
            let unit = names.preparationUnit(host)
            files.append(FileBlueprint(path: "\(names.unitFolder)/\(unit)", contents: text, mode: 0o644))
            preparationUnit = unit
        }
        if host.has(.database) {
            files.append(
                FileBlueprint(
                    path: Self.stopFile(layout),
                    contents: try Self.stopScript(layout, isPrimary: Self.isPrimary(host, leadership))))
            files.append(FileBlueprint(path: Self.waitFile(layout), contents: try Self.waitScript(layout)))
        }
        files += Self.systemFiles(stack, host, names, layout, blueprint)
        self.files = files
        self.units = units
        self.environments = environments
    }

    private static func isPrimary(_ host: Host, _ leadership: Leadership) -> Bool {
        guard case .fixed(let primary, _) = leadership else { return false }
        return primary == host.name
    }

    private static func after(
        _ service: ServiceBlueprint, _ host: Host, _ names: EjectedNames, _ blueprint: HostBlueprint
    ) -> [String] {
        let wanted = service.after + (service.needsDatabase ? [.mysql] : [])
        return blueprint.services.filter { wanted.contains($0.name) }.map { names.unit(host, $0) }
    }

    private static func waitFile(_ layout: Layout) -> String { "\(layout.etcFolder)/wait-mysql" }

    /// mysqld is started long before it answers; who asks for the unit, such as the next command of the README, wants
    /// the latter. Builds of mysqld that tell systemd themselves are not the only ones.
    private static func waitScript(_ layout: Layout) throws(BlueprintError) -> String {
        let client = try shellWord(layout.programs.mysql)
        let options = try shellWord("--defaults-extra-file=\(layout.etcFolder)/client.cnf")
        return """
            # Waits until this host's mysqld answers: sh wait-mysql PID
            # A refusal is an answer, too. Recovery after a crash may take long: only mysqld's end ends it.
            while kill -0 "$1" 2>/dev/null; do
                words=$(\(client) \(options) -e 'DO 0' 2>&1) && exit 0
                case $words in
                    *"ERROR 2002"* | *"ERROR 2003"*) sleep 0.1 ;;
                    *) exit 0 ;;
                esac
            done
            exit 1

            """
    }

    private static func stopFile(_ layout: Layout) -> String { "\(layout.etcFolder)/stop-mysql" }

    /// mysqld that is asked to end by a signal would acknowledge writes that its replica lacks.
    private static func stopScript(_ layout: Layout, isPrimary: Bool) throws(BlueprintError) -> String {
        let client = try shellWord(layout.programs.mysql)
        let options = try shellWord("--defaults-extra-file=\(layout.etcFolder)/client.cnf")
        let closing =
            isPrimary
            ? "SET SESSION lock_wait_timeout = 2;\nSET GLOBAL offline_mode = ON;\nSET GLOBAL super_read_only = ON;"
            : "STOP REPLICA;"
        return """
            # Stops this host's mysqld: sh stop-mysql PID
            # A primary is closed first: one that was ended by a signal would acknowledge writes that its replica lacks.
            # If this fails, systemd ends mysqld with SIGKILL, which acknowledges nothing.
            set -e
            \(client) \(options) <<'SQL'
            \(closing)
            SHUTDOWN;
            SQL
            while kill -0 "$1" 2>/dev/null; do sleep 0.1; done

            """
    }

    private static func shellWord(_ text: String) throws(BlueprintError) -> String {
        let line = try singleLine(text, for: "a shell script")
        return "'" + line.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// Users and folders, as systemd-sysusers and systemd-tmpfiles make them.
    private static func systemFiles(
        _ stack: Stack, _ host: Host, _ names: EjectedNames, _ layout: Layout, _ blueprint: HostBlueprint
    ) -> [FileBlueprint] {
        let user = names.engineUser
        let shell = "/usr/sbin/nologin"
        var users = "u \(user) - \"Servers of the stack \(stack.name)\" \(names.stateRoot) \(shell)\n"
        if host.has(.app) {
            users += "u \(names.appUser) - \"App of the stack \(stack.name)\" \(stack.app.workingDirectory) \(shell)\n"
        }
        var folders = [names.configurationRoot, names.stateRoot, names.logRoot, names.runtimeRoot]
            .map { "d \($0) 0755 root root -\n" }.joined()
        let own = blueprint.folders + [layout.tlsFolder]
        for folder in own.uniqued {
            // The app passes through the first on its way to the certificate of the CA.
            let mode = folder == layout.etcFolder ? "0711" : "0700"
            folders += "d \(folder) \(mode) \(user) \(user) -\n"
        }
        folders += "d \(layout.publicFolder) 0755 \(user) \(user) -\n"
        // What was unpacked there is root's.
        folders += "Z \(layout.etcFolder)/* - \(user) \(user) -\n"
        let banner = "# Generated by Tandem. From now on it is yours.\n"
        return [
            FileBlueprint(
                path: "\(names.root)/etc/sysusers.d/\(stack.name)-stack.conf", contents: banner + users, mode: 0o644),
            FileBlueprint(
                path: "\(names.root)/etc/tmpfiles.d/\(stack.name)-stack-\(host.name).conf", contents: banner + folders,
                mode: 0o644),
        ]
    }
}
