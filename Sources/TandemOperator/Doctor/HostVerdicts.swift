import TandemBlueprint
import TandemFleet
import TandemStack

/// Judges what a host said of itself, as a host of this stack: pure.
struct HostVerdicts: Sendable {
    var stack: Stack
    var host: Host
    var user: String
    var privilege: HostSession.Privilege
    var facts: HostFacts
    /// Where the stack's own processes would listen on this host.
    var wanted: [ServiceBlueprint.Listener]

    var findings: [Finding] {
        let system = [login, processor, release, systemd, address, clock]
        let rest: [Finding?] = [memory, openFiles, ports, services, nftables, firewall, keepalived, archive]
        return (system + facts.disks.map(disk) + rest.compactMap(\.self)).map { $0.on(host.name) }
    }

    var sudo: String { user == "root" ? "" : "sudo " }

    private var login: Finding {
        switch privilege {
        case .root: .ok("login", "\(user)")
        case .sudo: .ok("login", "\(user), who becomes root by sudo")
        case .noSudo:
            .error(
                "login", "\(user) is not root, and the host has no sudo",
                "as root there: apt-get install sudo, then \(Self.sudoersLine(user)); or log in as root ('ssh: {user: root}')"
            )
        case .sudoWantsPassword:
            .error(
                "login", "\(user) is not root, and sudo does not let \(user) become root without a password",
                "as root there: \(Self.sudoersLine(user)); or log in as root ('ssh: {user: root}')")
        }
    }

    private static func sudoersLine(_ user: String) -> String {
        // sudo ignores files in that folder whose names have a dot.
        "echo '\(user) ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/tandem"
    }

    private var processor: Finding {
        ["x86_64", "aarch64"].contains(facts.architecture)
            ? .ok("processor", facts.architecture)
            : .error(
                "processor", "\(facts.architecture) is none that Tandem has servers for",
                "use a machine with amd64 or arm64")
    }

    private static let releases = ["debian 12", "debian 13", "ubuntu 24.04"]

    private var release: Finding {
        Self.releases.contains("\(facts.system) \(facts.version)")
            ? .ok("release", facts.systemName)
            : .error(
                "release",
                "\(facts.systemName.isEmpty ? "a system without os-release" : facts.systemName) is not one that Tandem knows",
                "install Debian 12, Debian 13 or Ubuntu 24.04")
    }

    private var systemd: Finding {
        guard facts.initProgram == "systemd", let version = facts.systemdVersion else {
            let name = facts.initProgram.isEmpty ? "something unknown" : "'\(facts.initProgram)'"
            return .error(
                "systemd", "process 1 is \(name) and not systemd, which would run the stack's services",
                "use a machine or a container that boots systemd")
        }
        guard facts.systemState != "degraded" else {
            return .warning("systemd", "version \(version), with units that failed", "look at them: systemctl --failed")
        }
        return .ok("systemd", "version \(version)")
    }

    /// The other hosts dial it, and the servers listen on it.
    private var address: Finding {
        guard !facts.addresses.isEmpty, !facts.addresses.contains(host.address) else {
            return .ok("address", host.address)
        }
        let own = facts.addresses.filter { !$0.hasPrefix("127.") && $0 != "::1" && !$0.hasPrefix("fe80:") }
        return .error(
            "address",
            "\(host.address) is no address of this host; it has \(own.isEmpty ? "none" : own.joined(separator: ", "))",
            "give hosts.\(host.name).address one of these; where you reach it at another one, put that into hosts.\(host.name).ssh"
        )
    }

    /// Certificates are valid from the moment of their making.
    private static let largestClockErrorSeconds = 30.0
    private static let smallestClockErrorSeconds = 1.0

    private var clock: Finding {
        let remedy = "\(sudo)timedatectl set-ntp true (Debian: apt-get install systemd-timesyncd)"
        if let range = facts.clockAheadSeconds {
            // What is sure of it: the answer was under way for a while.
            let off = range.lowerBound > 0 ? range.lowerBound : range.upperBound < 0 ? range.upperBound : 0
            let text = "\(Self.seconds(off)) \(off > 0 ? "ahead of" : "behind") this machine's"
            if abs(off) > Self.largestClockErrorSeconds {
                return .error("clock", "\(text): certificates would be taken for invalid", remedy)
            }
            if abs(off) > Self.smallestClockErrorSeconds {
                return .warning("clock", "\(text): times in logs would mislead", remedy)
            }
        }
        guard facts.isClockSynchronised == true else {
            return .warning("clock", "correct now, but not synchronised", remedy)
        }
        return .ok("clock", "synchronised")
    }

    private static func seconds(_ seconds: Double) -> String {
        guard abs(seconds) < 1e9 else { return "years" }
        let tenths = Int(abs(seconds) * 10)
        return "\(tenths / 10).\(tenths % 10) s"
    }

    private func disk(_ disk: HostFacts.Disk) -> Finding {
        let isPrograms = disk.path == "/var/lib"
        let needed = isPrograms ? (400 << 20) + (host.has(.database) ? 1 << 30 : 0) : 200 << 20
        let free = "\(MachineVerdicts.size(disk.freeBytes)) free in \(disk.path)"
        if isPrograms, disk.isNoexec {
            return .error(
                "disk", "\(disk.path) is mounted noexec: the servers' programs cannot run from there",
                "mount it without noexec")
        }
        if disk.freeBytes < needed {
            return .error("disk", "only \(free)", "make room: \(MachineVerdicts.size(needed)) are needed at least")
        }
        if disk.freeBytes < 2 * needed { return .warning("disk", "only \(free)", "make room: logs and databases grow") }
        return .ok("disk", free)
    }

    /// At rest: the agent and what it runs, each with some room; the app needs its own besides.
    private var memoryNeededBytes: Int {
        let parts = [
            (true, 100), (host.has(.balancer), 100), (host.has(.web), 50),
            (host.has(.app), 150 + 100 * stack.app.workers.count),
            (host.has(.database), 600),
            (stack.votes(host), 100),
        ]
        return parts.filter(\.0).map(\.1).reduce(0, +) << 20
    }

    private var memory: Finding? {
        guard let bytes = facts.availableMemoryBytes else { return nil }
        let text = "\(MachineVerdicts.size(bytes)) available"
        let needed = memoryNeededBytes
        let remedy =
            "end other programs, or take a larger machine: its roles take about \(MachineVerdicts.size(needed))"
        if bytes < needed / 2 { return .error("memory", "only \(text)", remedy) }
        return bytes < needed ? .warning("memory", "only \(text)", remedy) : .ok("memory", text)
    }

    private var openFiles: Finding? {
        guard let limit = facts.openFilesLimit else { return nil }
        // As the units ask for: HAProxy takes two for each connection.
        let wanted = max(16_384, 2 * stack.balancer.maxConnections + 1000)
        let text = limit == Int.max ? "any number may be open at once" : "\(limit) may be open at once"
        guard limit < wanted else { return .ok("files", text) }
        return .warning(
            "files", "\(text); for as many connections as the stack file allows it takes \(wanted)",
            "put `DefaultLimitNOFILE=\(wanted)` into /etc/systemd/system.conf and reboot; a container gets it from its machine"
        )
    }
}

extension Finding {
    /// The same about one host.
    func on(_ host: String) -> Finding {
        var finding = self
        finding.host = host
        return finding
    }
}
