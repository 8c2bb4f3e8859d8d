import CTandemSystem
import Foundation
import Glibc
import TandemBlueprint
import TandemDrill
import TandemServices
import TandemStack

/// What a drill does to a host of its own, as root. Before each thing is done there is a timer of systemd's that undoes
/// it, so that neither a connection nor any process of ours has to outlive it; the timer goes once it is seen to be
/// undone.
actor HostDrillHands {
    private let stack: Stack
    private let host: Host?
    private var frozen: [ProcessIdentity] = []
    private var cutEnds: ContinuousClock.Instant?

    private static let mostSeconds = 600
    /// After which a machine that was to boot, and did not, is healed.
    private static let rebootSeconds = 20

    init(stack: Stack, host: String) {
        self.stack = stack
        self.host = stack.hosts.first { $0.name == host }
    }

    private nonisolated var places: HostPlaces { HostPlaces(stack: stack.name) }
    private var table: String { HostCutRules.table(stack.name) }

    /// Whether a process runs as one of the stack's accounts.
    nonisolated func isOwn(_ pid: Int32) -> Bool {
        var entry = tandem_entry()
        guard pid > 1, tandem_look_at("/proc/\(pid)", 0, &entry) == 0 else { return false }
        return [StackAccount(stack: stack.name), StackAccount(stack: stack.name, part: .app)].contains { account in
            (try? account.existing())?.user == entry.user
        }
    }

    // MARK: - Frozen processes

    func thawLater(_ processes: [ProcessIdentity], seconds: Int) throws {
        frozen = processes.filter { isOwn($0.pid) }
        guard !frozen.isEmpty else { return }
        // To another process, which has one of these numbers by then, it does nothing.
        let groups = frozen.map { "-\($0.pid)" }.joined(separator: " ")
        try later("thaw", seconds, "kill -s CONT -- \(groups) || :")
    }

    func forgetThaw() {
        frozen = []
        notLater("thaw")
    }

    private func wake() async {
        for process in frozen { await LocalPlace().signal(SIGCONT, to: process, host: nil) }
        frozen = []
    }

    // MARK: - Lost packets

    func cut(_ cut: HostCut, seconds: Int) throws {
        try undoCutNow()
        try later("cut", seconds, healing)
        do {
            switch cut {
            case .all(let ports, let addresses):
                try loseAll(ports, addresses)
                // It would go on telling the neighbours that the address is here.
                if hasKeepalived { try Self.run(["/usr/bin/systemctl", "freeze", places.keepalivedUnit]) }
            case .opened(let processes):
                try ConnectionCut.make(try setting(), processes.filter { isOwn($0.pid) })
            }
        } catch {
            _ = try? undoCutNow()
            throw error
        }
        cutEnds = .now + .seconds(seconds)
    }

    private func loseAll(_ sshPorts: [Int], _ addresses: [String]) throws {
        let rules = HostCutRules(stack: stack.name, sshPorts: sshPorts, addresses: addresses)
        try Self.run([Self.nft, "-f", "-"], input: rules.text)
    }

    private var hasKeepalived: Bool {
        access("\(HostPlaces.unitFolder)/\(places.keepalivedUnit)", F_OK) == 0
    }

    /// A line of shell that needs nothing of ours.
    private var healing: String {
        "systemctl thaw \(places.keepalivedUnit); \(Self.nft) delete table arp \(table); \(Self.nft) delete table inet \(table)"
    }

    /// - Returns: how it is known to have had an effect.
    func undoCut() throws -> String {
        let isInTime = cutEnds.map { .now < $0 } ?? false
        cutEnds = nil
        let packets = try undoCutNow()
        guard isInTime else { throw DrillError("it had been undone before its time") }
        guard packets > 0 else { throw DrillError("no packet was dropped") }
        return "\(packets) packets were dropped"
    }

    /// - Throws: where the rules are still there; then the timer is, too.
    @discardableResult
    private func undoCutNow() throws -> Int {
        let listing = (try? Self.run([Self.nft, "list", "table", "inet", table])) ?? ""
        // The control groups too, where it was of processes.
        if let setting = try? setting() { ConnectionCut.undo(setting) }
        _ = try? Self.run(["/bin/sh", "-c", healing])
        let tables = try Self.run([Self.nft, "list", "tables"])
        guard !tables.split(separator: "\n").contains(where: { $0.hasSuffix(" \(table)") }) else {
            throw DrillError("the rules that cut it off are still there; systemd deletes them when their time is up")
        }
        notLater("cut")
        return HostCutRules.dropped(listing)
    }

    private func setting() throws -> HandsSetting {
        guard let account = try StackAccount(stack: stack.name).existing() else {
            throw DrillError("the stack's account is not on this host")
        }
        let addresses = stack.hosts.filter { $0.name != host?.name }.map { ($0.name, $0.address) }
        return HandsSetting(
            stack: stack.name, user: account.user, addresses: Dictionary(addresses) { first, _ in first },
            areMachines: true)
    }

    // MARK: - An agent that stays down

    private var mark: String { "/run/\(places.runtimeName).down" }
    private var addition: String { "/run/systemd/system/\(places.unit).d/tandem-drill.conf" }

    private var revival: String {
        "rm -f \(mark) \(addition); systemctl daemon-reload; systemctl start \(places.unit)"
    }

    func keepDown(seconds: Int) throws {
        try later("down", seconds, revival)
        do {
            let folder = (addition as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // systemd.unit(5): a unit whose condition does not hold is not started. Since version 254 nobody looks at
            // it before an automatic restart (systemd.service(5)): so there is to be none.
            let text = "[Unit]\nConditionPathExists=!\(mark)\n[Service]\nRestart=no\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: addition))
            try Data().write(to: URL(fileURLWithPath: mark))
            try Self.run(["/usr/bin/systemctl", "daemon-reload"])
        } catch {
            try? letUp()
            throw error
        }
    }

    /// Whether the agent's unit does not run.
    var isDown: Bool { (try? Self.run(["/usr/bin/systemctl", "is-active", "--quiet", places.unit])) == nil }

    /// - Throws: where the agent was not started; then the timer tries it.
    func letUp() throws {
        try Self.run(["/bin/sh", "-c", revival])
        notLater("down")
    }

    // MARK: - The machine

    /// For the answer to whoever ordered it.
    private static let rebootPause = Duration.milliseconds(200)

    /// systemctl(1) would write to disk first what only the memory has.
    func reboot(_ cut: HostCut) throws {
        // What is frozen, where a host is a container, may be frozen after its boot as well: so nothing is.
        if case .all(let ports, let addresses) = cut {
            try later("cut", Self.rebootSeconds, healing)
            try loseAll(ports, addresses)
        }
        Task {
            try await Task.sleep(for: Self.rebootPause)
            tandem_boot_at_once()
        }
    }

    // MARK: - All of it

    /// What cannot be undone now, its timer undoes.
    func undoAll() async {
        await wake()
        // What an earlier part of the drill froze, which was killed.
        if isLater("thaw") {
            _ = try? Self.run(["/usr/bin/systemctl", "start", "\(timer("thaw")).service"])
            notLater("thaw")
        }
        _ = try? undoCutNow()
        if access(addition, F_OK) == 0 || access(mark, F_OK) == 0 { try? letUp() }
    }

    // MARK: - systemd's timers

    private func timer(_ what: String) -> String { "tandem-drill-\(what)-\(stack.name)" }

    private func isLater(_ what: String) -> Bool {
        (try? Self.run(["/usr/bin/systemctl", "is-active", "--quiet", "\(timer(what)).timer"])) != nil
    }

    /// Has systemd run a line of shell when the time is up.
    private func later(_ what: String, _ seconds: Int, _ line: String) throws {
        notLater(what)
        try Self.run(
            [
                "/usr/bin/systemd-run", "--quiet", "--collect", "--unit", timer(what), "--on-active",
                "\(min(max(1, seconds), Self.mostSeconds))",
                "--timer-property=AccuracySec=100ms", "/bin/sh", "-c", line,
            ])
    }

    private func notLater(_ what: String) {
        _ = try? Self.run(["/usr/bin/systemctl", "stop", "\(timer(what)).timer"])
    }

    private static let nft = "/usr/sbin/nft"

    /// - Returns: its standard output.
    @discardableResult
    private static func run(_ command: [String], input: String = "") throws -> String {
        let (status, output) = try RootTool.run(
            command, capturing: 1 << 20, input: Data(input.utf8), isQuiet: true)
        guard status == 0 else {
            throw DrillError("\((command[0] as NSString).lastPathComponent) ended with \(status) on this host")
        }
        return String(decoding: output, as: UTF8.self)
    }
}
