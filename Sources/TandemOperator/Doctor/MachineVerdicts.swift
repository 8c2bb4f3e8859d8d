/// Judges what was found: pure.
package struct MachineVerdicts: Sendable {
    var facts: MachineFacts

    package init(facts: MachineFacts) { self.facts = facts }

    package var findings: [Finding] {
        var findings = [system, kernel]
        findings += tools
        findings.append(engines)
        findings += facts.disks.map(disk)
        let others: [Finding?] = [
            memory, loopback, ports, privilegedPorts, openFiles, processes, randomness, clock, library, appArmor,
            stackFile,
        ]
        return findings + others.compactMap(\.self)
    }

    static let gigabyte = 1 << 30
    /// Two database servers and the rest, at rest.
    private static let memoryNeededBytes = 1000 << 20

    private var sudo: String { facts.isRoot ? "" : "sudo " }

    private var system: Finding {
        ["x86_64", "aarch64"].contains(facts.architecture)
            ? .ok("processor", facts.architecture)
            : .error(
                "processor", "\(facts.architecture) is none that Tandem has servers for",
                "use a machine with amd64 or arm64, or name your own programs under `engines` in the stack file")
    }

    private var kernel: Finding {
        facts.hasPidfd
            ? .ok("kernel", "Linux \(facts.kernel)")
            : .error(
                "kernel", "Linux \(facts.kernel) cannot watch processes by descriptor (pidfd_open)",
                "use Linux 5.3 or later; in a container, allow the system call pidfd_open")
    }

    private var tools: [Finding] {
        // Debian's keys and tools are for fetching: what is there already needs none of them.
        let isNeeded = facts.engines == nil
        var findings: [Finding] = []
        if !facts.missingTools.isEmpty {
            let names = facts.missingTools.map(\.tool).joined(separator: ", ")
            let packages = facts.missingTools.map(\.package).reduce(into: [String]()) {
                if !$0.contains($1) { $0.append($1) }
            }
            let remedy = "\(sudo)apt-get install \(packages.joined(separator: " "))"
            findings.append(
                isNeeded ? .error("tools", "missing: \(names)", remedy) : .warning("tools", "missing: \(names)", remedy)
            )
        }
        if !facts.hasKeyring {
            let text = "Debian's keys are missing, by which the servers' packages are checked"
            let remedy = "\(sudo)apt-get install debian-archive-keyring"
            findings.append(isNeeded ? .error("keys", text, remedy) : .warning("keys", text, remedy))
        }
        return findings.isEmpty ? [.ok("tools", "apt-get, dpkg-deb, setpriv and Debian's keys")] : findings
    }

    private var engines: Finding {
        if let problem = facts.enginesProblem {
            return .error("engines", problem, "mend the stack file, or leave `engines` out of it")
        }
        guard let engines = facts.engines else {
            return .warning(
                "engines", "not fetched yet; the first `tandem up` does (about 90 MB)", "tandem engines install")
        }
        return .ok("engines", engines)
    }

    private func disk(_ disk: MachineFacts.Disk) -> Finding {
        let free = "\(Self.size(disk.freeBytes)) free for \(disk.use) (\(disk.path))"
        if disk.isNoexec, disk.runsPrograms {
            return .error(
                "disk", "\(disk.path) is mounted noexec: no program can run from there",
                "set TANDEM_ENGINES to a folder elsewhere")
        }
        if disk.freeBytes < disk.neededBytes {
            return .error("disk", "only \(free)", "make room: \(Self.size(disk.neededBytes)) are needed at least")
        }
        if disk.freeBytes < 2 * disk.neededBytes {
            return .warning("disk", "only \(free)", "make room: logs and databases grow")
        }
        return .ok("disk", free)
    }

    private var memory: Finding? {
        guard let bytes = facts.availableMemoryBytes else { return nil }
        let text = "\(Self.size(bytes)) available"
        if bytes < Self.memoryNeededBytes / 2 {
            return .error("memory", "only \(text)", "end other programs: a stack of four hosts takes about 1 GB")
        }
        if bytes < Self.memoryNeededBytes {
            return .warning("memory", "only \(text)", "end other programs: a stack of four hosts takes about 1 GB")
        }
        return .ok("memory", text)
    }

    private var loopback: Finding {
        guard let problem = facts.loopbackProblem else { return .ok("loopback", "all of 127.0.0.0/8 is this machine") }
        return .error(
            "loopback", problem, "\(sudo)ip link set lo up && \(sudo)ip address replace 127.0.0.1/8 dev lo")
    }

    private var ports: Finding {
        facts.portProblems.isEmpty
            ? .ok("ports", "free")
            : .warning(
                "ports", facts.portProblems.joined(separator: "; "),
                "end what listens there, or let `tandem up` choose another front port")
    }

    private var privilegedPorts: Finding? {
        guard let lowest = facts.lowestPort, let start = facts.unprivilegedPortStart, lowest < start, !facts.isRoot
        else { return nil }
        return .error(
            "ports", "the stack file wants port \(lowest), and below \(start) only root may listen",
            "sudo sysctl net.ipv4.ip_unprivileged_port_start=\(lowest), or choose a higher port")
    }

    private var openFiles: Finding {
        facts.openFilesLimit >= facts.openFilesWanted
            ? .ok("files", "\(facts.openFilesLimit) may be open at once")
            : .warning(
                "files",
                "\(facts.openFilesLimit) may be open at once; for as many connections as the stack file allows it takes "
                    + "\(facts.openFilesWanted)",
                facts.isRoot
                    ? "ulimit -Hn \(facts.openFilesWanted)"
                    : "put `* hard nofile \(facts.openFilesWanted)` into /etc/security/limits.conf and log in anew")
    }

    private var processes: Finding? {
        guard let limit = facts.processLimit, limit < 512, !facts.isRoot else { return nil }
        return .warning(
            "processes", "you may have \(limit) processes and threads; a stack takes about 250",
            "put `* hard nproc 4096` into /etc/security/limits.conf and log in anew")
    }

    private var randomness: Finding? {
        facts.hasRandomness
            ? nil
            : .error(
                "randomness", "the kernel has gathered none yet: keys cannot be made", "wait a minute, and try again")
    }

    private var clock: Finding? {
        guard let isSynchronised = facts.isClockSynchronised else { return nil }
        return isSynchronised
            ? .ok("clock", "synchronised")
            : .warning(
                "clock", "not synchronised: a wrong clock makes certificates invalid and log times misleading",
                "\(sudo)timedatectl set-ntp true")
    }

    private var library: Finding {
        guard let path = facts.mysqlLibrary else {
            return .error("library", "MySQL's client library is missing", "\(sudo)apt-get install libmariadb3")
        }
        return .ok("library", "MySQL's client library: \(path)")
    }

    private var appArmor: Finding? {
        guard let profile = facts.appArmorProfiles.first else { return nil }
        return .warning(
            "apparmor", "the profile \(profile) keeps that program out of the stack's folders",
            "\(sudo)aa-disable \(profile), or leave the program out of `engines` in the stack file")
    }

    private var stackFile: Finding? {
        switch facts.stackFile {
        case .fine(let text): .ok("stack file", text)
        case .wrong(let text): .error("stack file", text, "tandem check")
        case nil: .warning("stack file", "there is none here", "tandem init")
        }
    }

    /// Such as `12.3 GB` or `340 MB`.
    static func size(_ bytes: Int) -> String {
        if bytes < gigabyte { return "\(bytes >> 20) MB" }
        let tenths = bytes / (gigabyte / 10)
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}
