import TandemStack

extension Site {
    /// Prometheus and Alertmanager, and their files; nothing where this host does not watch, or where the programs are
    /// not known.
    func monitorParts() throws(BlueprintError) -> (
        files: [FileBlueprint], services: [ServiceBlueprint], folders: [String]
    ) {
        guard let monitoring = stack.monitoring, stack.isMonitor(host), leadership == .agents,
            let prometheus = layout.programs.prometheus, let promtool = layout.programs.promtool,
            let alertmanager = layout.programs.alertmanager
        else { return ([], [], []) }
        let tls = MonitorTLS(site: self)
        var files = [
            FileBlueprint(
                path: layout.alertRulesFile, contents: try AlertRules(stack: stack).text(banner("alerts.yml"))),
            FileBlueprint(
                path: layout.prometheusFile, contents: try PrometheusFile(site: self, monitoring: monitoring).text()),
            FileBlueprint(
                path: layout.alertmanagerFile,
                contents: try AlertmanagerFile(site: self, receivers: monitoring.alerts).text()),
            FileBlueprint(path: layout.monitorWebFile, contents: try tls.webFile()),
        ]
        let hasPeers = stack.monitors.count > 1
        if hasPeers { files.append(FileBlueprint(path: layout.monitorPeerFile, contents: try tls.peerFile())) }
        return (
            files,
            [
                alertmanagerService(alertmanager, monitoring.alerts, hasPeers: hasPeers),
                prometheusService(prometheus, promtool, monitoring),
            ], [layout.dataFolder, layout.prometheusDataFolder, layout.alertmanagerDataFolder]
        )
    }

    /// The two are started when the rest of the host serves.
    private var afterAllElse: [ServiceName] {
        [.haproxy, .nginx, .mysql].filter { ServiceDescription(of: $0).hosts(stack).contains { $0.name == host.name } }
    }

    private func prometheusService(
        _ program: String, _ promtool: String, _ monitoring: Monitoring
    ) -> ServiceBlueprint {
        var environment: [String: EnvironmentValue] = [
            // What it holds is small: some hundred series of each host.
            "GOMEMLIMIT": "96MiB", "GOGC": "40",
        ]
        if sharesMachine { environment["GOMAXPROCS"] = "1" }
        return ServiceBlueprint(
            name: .prometheus,
            command: [
                program, "--config.file=\(layout.prometheusFile)", "--web.config.file=\(layout.monitorWebFile)",
                "--web.listen-address=\(host.address):\(Ports.prometheus)",
                "--storage.tsdb.path=\(layout.prometheusDataFolder)",
                "--storage.tsdb.retention.time=\(monitoring.retentionSeconds / 3600)h",
                "--storage.tsdb.retention.size=\(monitoring.retentionBytes >> 20)MB",
                // What was sent before Alertmanager was there is sent again after that.
                "--rules.alert.resend-delay=15s", "--log.level=warn",
            ],
            // It speaks of success, too.
            check: [
                "/bin/sh", "-c", #"said=$("$@" 2>&1) || { printf '%s\n' "$said"; exit 1; }"#, "sh", promtool, "check",
                "config", layout.prometheusFile,
            ],
            environment: environment,
            workingDirectory: layout.hostFolder,
            readiness: .tcp(address: host.address, port: Ports.prometheus),
            startTimeoutSeconds: 120,
            stop: .init(signal: Signal.term, boundSeconds: 10),
            reloadSignal: Signal.hup,
            listeners: [.init(address: host.address, port: Ports.prometheus, reach: .stack)],
            after: afterAllElse)
    }

    private func alertmanagerService(
        _ program: String, _ receivers: AlertReceivers, hasPeers: Bool
    ) -> ServiceBlueprint {
        var environment: [String: EnvironmentValue] = ["GOMEMLIMIT": "48MiB", "GOGC": "40"]
        if sharesMachine { environment["GOMAXPROCS"] = "1" }
        let secrets = alertSecrets(receivers)
        for secret in secrets { environment[secret.variable] = secret.value }
        var words = [
            program, "--config.file=\(layout.alertmanagerFile)", "--web.config.file=\(layout.monitorWebFile)",
            "--web.listen-address=\(host.address):\(Ports.alertmanager)",
            "--storage.path=\(layout.alertmanagerDataFolder)", "--log.level=warn",
            "--data.maintenance-interval=15s",
            // So that what people are sent is counted by itself.
            "--enable-feature=receiver-name-in-metrics",
        ]
        if hasPeers {
            let others = stack.monitors.filter { $0.name != host.name }
            words += [
                "--cluster.listen-address=\(host.address):\(Ports.alertmanagerPeer)",
                "--cluster.advertise-address=\(host.address):\(Ports.alertmanagerPeer)",
                "--cluster.tls-config=\(layout.monitorPeerFile)",
            ]
            words += others.map { "--cluster.peer=\($0.address):\(Ports.alertmanagerPeer)" }
        } else {
            words.append("--cluster.listen-address=")
        }
        return ServiceBlueprint(
            name: .alertmanager,
            command: Self.command(words, secrets: secrets.map { ($0.variable, layout.alertSecret($0.name)) }),
            environment: environment,
            workingDirectory: layout.alertmanagerDataFolder,
            readiness: .tcp(address: host.address, port: Ports.alertmanager),
            startTimeoutSeconds: 60,
            // It says good-bye to the others for ten seconds, though they may be gone; what it holds is on disk each
            // quarter of a minute.
            stop: .init(signal: Signal.term, boundSeconds: hasPeers ? 2 : 10),
            reloadSignal: Signal.hup,
            listeners: [.init(address: host.address, port: Ports.alertmanager, reach: .stack)]
                + (hasPeers ? [.init(address: host.address, port: Ports.alertmanagerPeer, reach: .stack)] : []),
            after: afterAllElse)
    }

    private func alertSecrets(
        _ receivers: AlertReceivers
    ) -> [(name: String, variable: String, value: EnvironmentValue)] {
        func value(_ value: AlertReceivers.Value, _ secret: String) -> EnvironmentValue {
            switch value {
            case .plain(let text): EnvironmentValue(text)
            case .secret: EnvironmentValue([.secret(secret)])
            }
        }
        var all: [(name: String, variable: String, value: EnvironmentValue)] = []
        if let webhook = receivers.webhook {
            all.append(("webhook", "ALERTS_WEBHOOK", value(webhook, AlertReceivers.webhookSecret)))
        }
        if let slack = receivers.slack {
            all.append(("slack", "ALERTS_SLACK", value(slack, AlertReceivers.slackSecret)))
        }
        if receivers.mail?.password != nil {
            all.append(("mail", "ALERTS_MAIL", EnvironmentValue([.secret(AlertReceivers.mailSecret)])))
        }
        if let deadMan = receivers.deadMan {
            all.append(("dead_man", "ALERTS_DEAD_MAN", value(deadMan, AlertReceivers.deadManSecret)))
        }
        return all
    }

    /// Alertmanager's command, after its templates were put where the store's program looks for them
    /// (`alertmanager-shared` in its working directory), and secrets where it reads them: it takes none from its
    /// environment.
    private static func command(
        _ words: [String], secrets: [(variable: String, file: String)]
    ) -> [String] {
        var script = #"ln -sfn "${1%/bin/*}/share/prometheus/alertmanager" alertmanager-shared; shift"#
        if !secrets.isEmpty {
            script += "; umask 077"
            for secret in secrets { script += #"; printf %s "$\#(secret.variable)" > "$1" || exit; shift"# }
            script += "; unset \(secrets.map(\.variable).joined(separator: " "))"
        }
        return ["/bin/sh", "-c", script + #"; exec "$@""#, "sh"] + words.prefix(1) + secrets.map(\.file) + words
    }
}
