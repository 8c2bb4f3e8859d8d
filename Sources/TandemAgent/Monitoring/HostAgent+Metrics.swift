import Foundation
import Glibc
import TandemBlueprint
import TandemStack
import TandemTopology

extension HostAgent {
    /// What Prometheus is told of this host.
    func metrics(_ statistics: HostStatistics, _ topology: Topology) async -> String {
        let status = await status()
        let durations = host.has(.web) ? await recorder.durations : nil
        let exports = await seat?.exports.count
        let figures = await jobs?.figures ?? []
        return AgentMetrics(
            stack: applied.stack, host: host, status: status, topology: topology, statistics: statistics,
            machine: MachineFigures.read(
                folders: [("host", layout.hostFolder), ("data", layout.dataFolder)], certificates: certificates,
                dates: certificateDates),
            durations: durations, probes: probes.outcomes, exports: exports, jobs: figures
        ).text
    }

    /// PEM files with the certificates that this host's programs show. What an earlier role left behind counts for
    /// nothing.
    private var certificates: [String] {
        var files = [folder.agentCertificateFile(host.name)]
        if host.has(.web) || host.has(.app) { files.append(layout.webCertificateFile) }
        if host.has(.database) { files.append(layout.databaseCertificateFile) }
        if blueprint.runs(.etcd) { files.append(layout.storeCertificateFile) }
        if host.has(.balancer) { files += [layout.balancerBundleFile, layout.frontBundleFile] }
        if blueprint.runs(.prometheus) { files.append(layout.monitorCertificateFile) }
        return files
    }

    /// Deletes what a host that watches no more could still tell people with, and the key that opens the other
    /// monitors.
    func removeMonitorRemains() {
        let needed = Set(blueprint.services.flatMap(\.command))
        let isWatching = blueprint.runs(.prometheus)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: layout.tlsFolder)) ?? [] {
            let path = "\(layout.tlsFolder)/\(name)"
            let isSecret = path.hasPrefix(layout.alertSecret("")) && !needed.contains(path)
            let isKey = [layout.monitorCertificateFile, layout.monitorKeyFile].contains(path) && !isWatching
            if isSecret || isKey { unlink(path) }
        }
    }

    /// nil: no command is to be run for alerts, or not by this host.
    func makeAlertRoute() -> AlertRoute? {
        blueprint.alertCommand.map { service in
            AlertRoute(
                stack: applied.stack.name, host: host.name,
                runner: AlertCommandRunner(
                    service: service, starter: starter, folder: folder.records(host.name), logger: logger))
        }
    }

    /// nil: this host watches nothing.
    var frontProbe: FrontProbe? {
        guard applied.stack.isMonitor(host) else { return nil }
        return FrontProbe(
            stack: applied.stack, authority: layout.caFile,
            sharedAddress: applied.front == nil ? nil : applied.frontAddress, tell: { [probes] in probes.tell($0) })
    }
}
