import Foundation
import Glibc
import TandemServices

/// Cuts connections of this machine, as root, and connects them again. All that it makes lies in the kernel, under
/// names of the stack's own, so that any other process can take it away as well.
struct NetworkCut {
    let setting: HandsSetting
    private let nft: String
    /// Where control groups of the second version are mounted, as in `/sys/fs/cgroup`.
    private let groupsFolder: String

    private static let programs = ["/usr/sbin/nft", "/sbin/nft"]
    private static let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
    /// Processes that are started while others are moved are found at the next look.
    private static let mostLooks = 5
    /// A port that nobody has, to see whether rules take effect: discard (RFC 863).
    private static let unusedPort: UInt16 = 9

    /// - Throws: `DrillError` with what is missing.
    init(_ setting: HandsSetting) throws {
        self.setting = setting
        guard let nft = Self.programs.first(where: { access($0, X_OK) == 0 }) else {
            throw DrillError("connections are cut by nftables, which is not installed here: apt-get install nftables")
        }
        guard let folder = Self.mounts.first(where: { access("\($0)/cgroup.procs", W_OK) == 0 }) else {
            throw DrillError(
                "connections are told apart by control groups (version 2), which this machine does not have")
        }
        self.nft = nft
        groupsFolder = folder
    }

    private var groupName: String { "tandem-drill-\(setting.stack)" }

    // MARK: - Making

    func make(_ change: PlaceChange) throws {
        let processes: [ProcessIdentity]
        let own: String?
        switch change {
        case .isolate(let host, let all):
            guard let address = setting.addresses[host] else { throw DrillError("there is no host '\(host)'") }
            (processes, own) = (all, address)
        case .cutConnections(let all): (processes, own) = (all, nil)
        }
        do {
            let moved = try move(processes)
            let others = setting.addresses.values.filter { $0 != own }.sorted()
            let rules = CutRules(
                stack: setting.stack, groups: moved.groups, own: own, others: others,
                isOtherMachine: setting.areMachines)
            try run(["-f", "-"], input: rules.text)
            // From here on no new connection crosses; those that do are all in the table.
            let sockets = moved.pids.reduce(into: Set<UInt64>()) { $0.formUnion(Self.sockets(of: $1)) }
            let table = TCPTable(ProcFile.whole("/proc/net/tcp"))
            let ways = own == nil ? table.opened(by: sockets, to: Set(others)) : table.crossing(sockets)
            if let text = rules.adding(ways) { try run(["-f", "-"], input: text) }
        } catch {
            _ = undo()
            throw error
        }
    }

    /// Puts the processes, and what descends from them, into groups below those that they are in.
    private func move(_ processes: [ProcessIdentity]) throws -> (pids: Set<Int32>, groups: [String]) {
        var moved: Set<Int32> = []
        var groups: Set<String> = []
        for _ in 0..<Self.mostLooks {
            let found = processes.filter(\.isAlive).flatMap(\.members)
            let new = Set(found).subtracting(moved).filter { Self.owner(of: $0) == setting.user }
            if new.isEmpty { break }
            for pid in new {
                guard let group = group(of: pid) else { continue }
                let own = "\(group)/\(groupName)"
                mkdir("\(groupsFolder)/\(own)", 0o755)
                guard Self.write("\(pid)", to: "\(groupsFolder)/\(own)/cgroup.procs") || kill(pid, 0) != 0 else {
                    throw DrillError("cannot put process \(pid) into a control group of its own: \(Self.reason)")
                }
                groups.insert(own)
                moved.insert(pid)
            }
        }
        guard !moved.isEmpty else { throw DrillError("none of the processes that were to be cut off runs any more") }
        return (moved, groups.map(name).sorted())
    }

    /// With a slash in front, empty for the topmost; that of an earlier cut counts as the one above it.
    private func group(of pid: Int32) -> String? {
        let line = ProcFile.whole("/proc/\(pid)/cgroup").split(separator: "\n").first { $0.hasPrefix("0::") }
        guard let path = line?.dropFirst(3) else { return nil }
        let group = path == "/" ? "" : String(path)
        return group.hasSuffix("/\(groupName)") ? String(group.dropLast(groupName.count + 1)) : group
    }

    /// As nftables calls a group: by its path below /sys/fs/cgroup.
    private func name(_ group: String) -> String {
        groupsFolder.hasSuffix("unified") ? "unified\(group)" : String(group.dropFirst())
    }

    // MARK: - Undoing

    /// Whatever is there, also of an earlier drill.
    /// - Returns: how many packets were dropped.
    @discardableResult
    func undo() -> Int {
        let table = CutRules.table(setting.stack)
        let listing = try? run(["list", "table", "inet", table])
        if listing != nil { _ = try? run(["delete", "table", "inet", table]) }
        for folder in ownGroups() {
            let above = (folder as NSString).deletingLastPathComponent
            // What forks meanwhile is found at the next look.
            for _ in 0..<Self.mostLooks {
                let pids = ProcFile.whole("\(folder)/cgroup.procs").split(separator: "\n")
                if pids.isEmpty { break }
                for pid in pids { _ = Self.write(String(pid), to: "\(above)/cgroup.procs") }
            }
            rmdir(folder)
        }
        return CutRules.dropped(listing ?? "")
    }

    private func ownGroups() -> [String] {
        guard let tree = FileManager.default.enumerator(atPath: groupsFolder) else { return [] }
        return tree.compactMap { $0 as? String }.filter { $0 == groupName || $0.hasSuffix("/\(groupName)") }
            .map { "\(groupsFolder)/\($0)" }
    }

    // MARK: - Trying

    /// Whether rules take effect here, tried with a connection of this process to a port of the stack that nobody has.
    /// - Throws: `DrillError` with what does not work.
    func tryOut() throws {
        guard let address = setting.addresses.values.min(), let group = group(of: getpid()) else {
            throw DrillError("this machine does not say which control group a process is in")
        }
        mkdir("\(groupsFolder)\(group)/\(groupName)", 0o755)
        defer { undo() }
        guard Self.write("\(getpid())", to: "\(groupsFolder)\(group)/\(groupName)/cgroup.procs") else {
            throw DrillError("control groups cannot be changed here: \(Self.reason)")
        }
        let rules = CutRules(
            stack: setting.stack, groups: [name("\(group)/\(groupName)")], own: nil, others: [address])
        try run(["-f", "-"], input: rules.text)
        Self.knock(address, Self.unusedPort)
        let listing = try run(["list", "table", "inet", CutRules.table(setting.stack)])
        guard CutRules.dropped(listing) > 0 else {
            throw DrillError("nftables does not tell processes by their control groups here")
        }
    }

    /// Begins a connection, and does not wait for it.
    private static func knock(_ address: String, _ port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &target.sin_addr)
        withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    // MARK: - Files and programs

    @discardableResult
    private func run(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: nft)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let (words, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = words
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Short enough for a pipe, whatever nft does with it.
        try? words.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? words.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let first = complaint.split(separator: "\n").first.map(String.init) ?? "it says nothing"
            throw DrillError("nftables refuses the drill's rules: \(first)")
        }
        return text
    }

    private static var reason: String { String(cString: strerror(errno)) }

    private static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
    }

    private static func owner(of pid: Int32) -> UInt32? {
        var status = stat()
        return lstat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
    }

    /// proc(5), /proc/PID/fd: `socket:[4711]`.
    private static func sockets(of pid: Int32) -> Set<UInt64> {
        let folder = "/proc/\(pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            names.compactMap { name in
                guard
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                    target.hasPrefix("socket:[")
                else { return nil }
                return UInt64(target.dropFirst(8).dropLast())
            })
    }
}

/// Cuts the connections that processes of one host have opened to other machines, as `PlaceChange.cutConnections` says.
/// The caller of `make` has to call `undo`: nothing here does it when a time is up.
public enum ConnectionCut {
    /// - Throws: `DrillError` where it cannot be done; then nothing of it is left.
    public static func make(_ setting: HandsSetting, _ processes: [ProcessIdentity]) throws {
        try NetworkCut(setting).make(.cutConnections(of: processes))
    }

    /// - Returns: how many packets were dropped.
    @discardableResult
    public static func undo(_ setting: HandsSetting) -> Int { (try? NetworkCut(setting))?.undo() ?? 0 }
}
