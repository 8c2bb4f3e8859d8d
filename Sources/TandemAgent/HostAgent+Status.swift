import Glibc
import TandemBlueprint
import TandemStack
import TandemTopology

extension HostAgent {
    func status() async -> HostStatus {
        let member = await board.member(host.name)
        let jobs = blueprint.jobs.isEmpty ? nil : await jobs?.statuses
        return HostStatus(
            host: host.name, pid: getpid(), services: reports.statuses.map { $0.with(member) },
            database: member, version: version, isSettled: !hasStrays && reports.areAllSettled,
            jobs: jobs, strangePorts: strangePorts, strangeAnswers: await ports?.found)
    }

    private var strangePorts: [StrangePort]? {
        guard !host.isOnLoopback else { return nil }
        return PortWatch.strange(ListeningSockets.now(), on: host, stack: applied.stack, blueprint: blueprint)
    }

    func statisticsReader() async -> HostStatisticsReader {
        HostStatisticsReader(
            host: host, layout: layout, services: await status().services,
            database: host.has(.database) ? databaseEnvironment : nil)
    }
}
