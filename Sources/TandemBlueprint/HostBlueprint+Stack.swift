import TandemStack

extension HostBlueprint {
    /// What `host` should have as a member of `stack`. Throws only for values that a validated stack does not have
    /// (see `BlueprintError`), and for folders with line breaks in their names.
    /// - Parameter avoiding: ports of instances of the app that nginx must send nothing to, because somebody else
    ///   listens there.
    public init(
        stack: Stack, host: Host, layout: Layout, leadership: Leadership = .agents, avoiding: Set<Int> = []
    ) throws(BlueprintError) {
        var site = try Site(stack: stack, host: host, layout: layout, leadership: leadership)
        site.avoidedPorts = avoiding
        let hasNginx = host.has(.web) || host.has(.app)
        var files: [FileBlueprint] = []
        var services: [ServiceBlueprint] = []
        var folders = [layout.hostFolder, layout.etcFolder, layout.logFolder, layout.temporaryFolder]
        // Without agents there is nobody who asks it.
        if let program = layout.programs.etcd, leadership == .agents, stack.votes(host) {
            folders.append(layout.dataFolder)
            files.append(.init(path: layout.etcdFile, contents: try StoreFile(site: site).text()))
            services.append(site.storeService(program))
        }
        if host.has(.database) {
            folders += [layout.dataFolder, "\(layout.temporaryFolder)/mysql"]
            files.append(.init(path: layout.mysqlFile, contents: try MySQLFile(site: site).text()))
            services.append(site.mysqlService)
        }
        if host.has(.app) {
            files.append(.init(path: layout.routerScript, contents: RouterScript.text))
            files.append(.init(path: layout.routerFile, contents: try RouterFile(site: site).text()))
            services.append(site.routerService)
            services += site.appServices + site.workerServices
        }
        if hasNginx {
            folders.append("\(layout.temporaryFolder)/nginx")
            if !leadership.isFixed { folders.append(layout.leavingFolder) }
            files.append(.init(path: layout.nginxFile, contents: try NginxFile(site: site).text()))
            services.append(site.nginxService)
        }
        if host.has(.balancer) {
            files.append(.init(path: layout.haproxyFile, contents: try BalancerFile(site: site).text()))
            services.append(site.haproxyService)
        }
        let monitor = try site.monitorParts()
        folders += monitor.folders
        files += monitor.files
        services += monitor.services
        var keepalived: ServiceBlueprint?
        if host.has(.balancer), !stack.frontAddresses.isEmpty {
            files.append(.init(path: layout.keepalivedFile, contents: KeepalivedFile(site: site).text(), mode: 0o644))
            keepalived = site.keepalivedService
        }
        // A machine of its own has a firewall of its own.
        if !host.isOnLoopback {
            let agent = leadership.isFixed ? [] : Self.agentListeners(of: host)
            let firewall = FirewallFile(site: site, listeners: services.flatMap(\.listeners) + agent)
            files.append(.init(path: layout.firewallFile, contents: firewall.text(), mode: 0o644))
        }
        self.init(
            host: host, folders: (folders + [layout.socketFolder]).uniqued, files: files, services: services,
            preparation: stack.hosts(.app).first?.name == host.name ? site.preparation : nil,
            jobs: host.has(.app) ? site.jobs : [], keepalived: keepalived,
            alertCommand: monitor.services.isEmpty ? nil : site.alertCommand)
    }
}
