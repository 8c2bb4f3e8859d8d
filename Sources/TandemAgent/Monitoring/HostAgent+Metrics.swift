import TandemBlueprint
import TandemStack
import TandemTopology

extension HostAgent {
    /// What Prometheus is told of this host.
    func metrics(_ topology: Topology) async -> String {
        let status = await status()
        let reader = await statisticsReader()
        async let statistics = reader.read()
        async let durations = recorder.durations
        async let exports = seat?.exports.count
        let machine = MachineFigures.read(folder: layout.dataFolder, certificates: certificates)
        return await AgentMetrics(
            stack: applied.stack, host: host, status: status, topology: topology, statistics: statistics,
            machine: machine,
            durations: host.has(.web) ? durations : nil, probes: probes.outcomes, exports: exports
        ).text
    }

    /// PEM files with the certificates that this host's programs show.
    private var certificates: [String] {
        [
            folder.agentCertificateFile(host.name), layout.webCertificateFile, layout.databaseCertificateFile,
            layout.storeCertificateFile, layout.balancerBundleFile, layout.frontBundleFile,
            layout.monitorCertificateFile,
        ]
    }

    /// nil: this host watches nothing.
    var frontProbe: FrontProbe? {
        guard applied.stack.isMonitor(host) else { return nil }
        return FrontProbe(
            stack: applied.stack, authority: layout.caFile,
            sharedAddress: applied.front == nil ? nil : applied.frontAddress, tell: { [probes] in probes.tell($0) })
    }
}
