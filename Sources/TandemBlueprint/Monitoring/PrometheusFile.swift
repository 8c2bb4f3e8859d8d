import TandemStack

/// prometheus.yml: whom a monitor asks for figures. One target for each host: its agent reports for all that runs
/// there.
struct PrometheusFile {
    let site: Site
    let monitoring: Monitoring

    func text() throws(BlueprintError) -> String {
        let stack = site.stack
        return configuration([
            site.banner("prometheus.yml"),
            """
            # [monitoring] interval
            global:
              scrape_interval: \(monitoring.intervalSeconds)s
              scrape_timeout: \(min(monitoring.intervalSeconds, 5))s
              evaluation_interval: \(monitoring.intervalSeconds)s
            rule_files:
            - \(try YAMLSyntax.text(PathPattern.literal(site.layout.alertRulesFile)))
            """,
            """
            # All monitors are told by each Prometheus; they tell people once.
            alerting:
              alertmanagers:
              - scheme: https
                api_version: v2
                timeout: 5s
                tls_config:
            \(try monitorTLS().indented(6))
                static_configs:
                - targets: [\(stack.monitors.map { "\"\($0.address):\(Ports.alertmanager)\"" }.joined(separator: ", "))]
            """,
            """
            scrape_configs:
            # [hosts] the agents, each for all that runs on its host
            - job_name: tandem
              scheme: https
              metrics_path: /metrics
              # Whoever holds one host is not to take the monitors' memory.
              body_size_limit: 4MB
              sample_limit: 20000
              label_value_length_limit: 200
              metric_relabel_configs:
              - source_labels: [service]
                regex: "[a-z0-9-]*"
                action: keep
              tls_config:
            \(try certificate().indented(4))
              static_configs:
            \(targets(stack.hosts, port: Ports.agent))
            """,
            try job("prometheus", port: Ports.prometheus),
            try job("alertmanager", port: Ports.alertmanager),
        ])
    }

    private func job(_ name: String, port: Int) throws(BlueprintError) -> String {
        """
        - job_name: \(name)
          scheme: https
          tls_config:
        \(try monitorTLS().indented(4))
          static_configs:
        \(targets(site.stack.monitors, port: port))
        """
    }

    private func targets(_ hosts: [Host], port: Int) -> String {
        hosts.map { host in
            """
            - targets: ["\(host.address):\(port)"]
              labels: {host: "\(host.name)", stack: "\(site.stack.name)"}
            """
        }.joined(separator: "\n").indented(2)
    }

    private func certificate() throws(BlueprintError) -> String { try MonitorTLS(site: site).client() }
    private func monitorTLS() throws(BlueprintError) -> String {
        try MonitorTLS(site: site).client(server: site.stack.sharedMonitorName)
    }
}

/// Paths where a program takes patterns (Go's `filepath.Match`).
public enum PathPattern {
    /// One that stands for this path alone.
    public static func literal(_ path: String) -> String {
        path.map { #"*?[\"#.contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}

/// How monitors show themselves, to agents and to each other, and whom they let in: agents, other monitors and the
/// command line.
struct MonitorTLS {
    let site: Site

    /// Prometheus' and Alertmanager's `tls_config`.
    /// - Parameter server: the name that the other side has to have; nil: its address.
    func client(server: String? = nil) throws(BlueprintError) -> String {
        var lines = [
            "ca_file: \(try YAMLSyntax.text(site.layout.monitorCAFile))",
            "cert_file: \(try YAMLSyntax.text(site.layout.monitorCertificateFile))",
            "key_file: \(try YAMLSyntax.text(site.layout.monitorKeyFile))",
        ]
        if let server { lines.append("server_name: \(try YAMLSyntax.text(server))") }
        return lines.joined(separator: "\n")
    }

    /// Not every certificate of the agents' authority: an agent's has nothing to say here.
    private func server() throws(BlueprintError) -> String {
        var names: [String] = []
        for name in site.stack.monitorCallers { names.append("- \(try YAMLSyntax.text(name))") }
        return """
            cert_file: \(try YAMLSyntax.text(site.layout.monitorCertificateFile))
            key_file: \(try YAMLSyntax.text(site.layout.monitorKeyFile))
            client_ca_file: \(try YAMLSyntax.text(site.layout.monitorCAFile))
            client_auth_type: RequireAndVerifyClientCert
            client_allowed_sans:
            \(names.joined(separator: "\n"))
            """
    }

    /// The file of `--web.config.file`.
    func webFile() throws(BlueprintError) -> String {
        configuration([
            site.banner("monitor-web.yml"),
            "tls_server_config:\n\(try server().indented(2))\n  min_version: TLS12",
        ])
    }

    /// The file of `--cluster.tls-config`.
    func peerFile() throws(BlueprintError) -> String {
        configuration([
            site.banner("monitor-peers.yml"),
            """
            tls_server_config:
            \(try server().indented(2))
            tls_client_config:
            \(try client(server: site.stack.sharedMonitorName).indented(2))
            """,
        ])
    }
}
