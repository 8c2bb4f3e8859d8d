import Dispatch
import Foundation
import TandemAgent
import TandemEngines
import TandemServices
import TandemStack

/// Looks at this machine, and changes nothing.
package struct MachineProbe {
    /// The project here, if there is one that can be read.
    package var project: Project?
    /// What is wrong with the stack file.
    package var stackFileProblem: String?

    package init(project: Project? = nil, stackFileProblem: String? = nil) {
        self.project = project
        self.stackFileProblem = stackFileProblem
    }

    package func look() async -> MachineFacts {
        let names = Self.kernelNames()
        let (engines, enginesProblem) = await Self.engines(of: project)
        return MachineFacts(
            isRoot: geteuid() == 0, kernel: names.release, architecture: names.machine,
            hasPidfd: ProcessIdentity(pid: getpid()).flatMap(RunningProcess.adopt) != nil,
            missingTools: Self.missingTools(), hasKeyring: Self.hasKeyring(), engines: engines,
            enginesProblem: enginesProblem, disks: disks(), availableMemoryBytes: Self.availableMemory(),
            loopbackProblem: ListenerCheck.problem(address: loopbackAddress, port: Self.anyPort),
            portProblems: portProblems(), openFilesLimit: Self.limit("open files") ?? Int.max,
            openFilesWanted: openFilesWanted,
            processLimit: Self.limit("processes"), hasRandomness: Machine.hasRandomness,
            isClockSynchronised: Machine.isClockSynchronised, mysqlLibrary: Self.mysqlLibrary(),
            appArmorProfiles: appArmorProfiles(), lowestPort: lowestPort,
            unprivilegedPortStart: Self.number(in: "/proc/sys/net/ipv4/ip_unprivileged_port_start"),
            stackFile: stackFile)
    }

    private static let anyPort = 0

    // MARK: - The kernel

    private static func kernelNames() -> (release: String, machine: String) {
        var names = utsname()
        uname(&names)
        func text<T>(_ field: T) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return (text(names.release), text(names.machine))
    }

    /// The hard limit of this process, as /proc/self/limits names it (proc(5)); `Int.max` for none.
    private static func limit(_ name: String) -> Int? {
        let text = (try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max \(name) ") }) else { return nil }
        let fields = line.dropFirst("Max \(name)".count).split(separator: " ")
        guard fields.count > 1 else { return nil }
        return fields[1] == "unlimited" ? Int.max : Int(fields[1])
    }

    private static func availableMemory() -> Int? {
        let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        let free = Machine.memory("MemAvailable", in: text)
        // A container may have less than its machine.
        let folder = "/sys/fs/cgroup"
        guard let most = number(in: "\(folder)/memory.max"), let used = number(in: "\(folder)/memory.current") else {
            return free
        }
        return min(free ?? Int.max, max(0, most - used))
    }

    /// The kernel hands such files out a page at a time; reading a whole file by its size stops after the first.
    private static func kernelText(_ path: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? handle.close() }
        var data = Data()
        while let part = try? handle.read(upToCount: 1 << 16), !part.isEmpty { data.append(part) }
        return String(decoding: data, as: UTF8.self)
    }

    /// A file that holds one number and nothing else.
    private static func number(in path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    // MARK: - Programs

    private static func missingTools() -> [(tool: String, package: String)] {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return [("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("dpkg", "dpkg"), ("setpriv", "util-linux")].filter { tool in
            !(folders + ["/usr/sbin", "/usr/bin"]).contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(tool.0)")
            }
        }.map { (tool: $0.0, package: $0.1) }
    }

    private static func hasKeyring() -> Bool {
        FileManager.default.isReadableFile(atPath: DebianArchive.standardKeyring)
    }

    private static func engines(of project: Project?) async -> (found: String?, problem: String?) {
        do {
            let setup = project.map { EngineSetup($0.stack) } ?? EngineSetup(own: Engines())
            return (try await setup.installed()?.summary, nil)
        } catch {
            return (nil, "\(error)")
        }
    }

    private static func mysqlLibrary() -> String? {
        let line = kernelText("/proc/self/maps").split(separator: "\n").first { $0.contains("/libmariadb") }
        return line?.split(separator: " ").last.map(String.init)
    }

    private func appArmorProfiles() -> [String] {
        let own = project.map { [$0.stack.engines.mysqld, $0.stack.engines.nginx, $0.stack.engines.haproxy] } ?? []
        let loaded = Self.kernelText("/sys/kernel/security/apparmor/profiles")
        return own.compactMap(\.self).filter { loaded.contains("\($0) (enforce)") }
    }

    // MARK: - The stack

    private var stackFile: MachineFacts.StackFileFact? {
        if let stackFileProblem { return .wrong(stackFileProblem) }
        return project.map { .fine("\($0.stackFile): the stack '\($0.stack.name)'") }
    }

    private var isRunning: Bool {
        guard let project, let applied = project.applied else { return false }
        return StackProcesses(project: project, applied: applied).areAny
    }

    private var loopbackAddress: String {
        project?.stack.hosts.first { $0.isOnLoopback }?.address ?? "127.93.100.11"
    }

    private func portProblems() -> [String] {
        guard !isRunning else { return [] }
        let balancer = project?.stack.balancer
        let ports = [balancer?.httpsPort.number ?? 8443, balancer?.httpPort.number ?? 8080]
        return ports.compactMap {
            ListenerCheck.problem(address: project?.stack.listenAddress ?? "127.0.0.1", port: $0)
        }
    }

    private var lowestPort: Int? {
        guard let balancer = project?.stack.balancer, project?.stack.isOnThisMachine == true else { return nil }
        return min(balancer.httpPort.number, balancer.httpsPort.number)
    }

    /// HAProxy: two descriptors for each connection, and some for itself. nginx: see its file.
    private var openFilesWanted: Int {
        max(16_384, 2 * (project?.stack.balancer.maxConnections ?? 0) + 1000)
    }

    private func disks() -> [MachineFacts.Disk] {
        let state =
            project?.folder.path
            ?? (geteuid() == 0 ? "/var/lib/tandem" : FileManager.default.currentDirectoryPath)
        return [
            Self.disk("the stack's data", state, runsPrograms: false, neededBytes: 500 << 20),
            Self.disk(
                "the servers' programs", EngineStore.defaultFolder(), runsPrograms: true, neededBytes: 400 << 20),
        ].compactMap(\.self)
    }

    private static func disk(_ use: String, _ path: String, runsPrograms: Bool, neededBytes: Int) -> MachineFacts.Disk?
    {
        var folder = path
        // It may not have been made yet.
        while !FileManager.default.fileExists(atPath: folder), folder != "/", !folder.isEmpty {
            folder = (folder as NSString).deletingLastPathComponent
        }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return MachineFacts.Disk(
            use: use, path: path, freeBytes: Int(status.f_bavail) * Int(status.f_frsize),
            isNoexec: Machine.isNoexec(folder), runsPrograms: runsPrograms,
            neededBytes: neededBytes)
    }
}
