import Foundation
import TandemBlueprint
import TandemStack
import Testing

import struct TandemStack.Host

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A stack laid out on this machine: loopback addresses, certificates, and folders with awkward names.
struct ProgramBench {
    let stack: Stack
    let root: String
    let engines: TestEngines
    private let hasFront: Bool
    private let keepsFrontSockets: Bool

    init(_ sample: Sample) throws {
        let layout = sample.layout(sample.stack.hosts[0])
        try self.init(sample.stack, hasFront: layout.front != nil, keepsFrontSockets: layout.keepsFrontSockets)
    }

    /// - Parameters:
    ///   - hasFront: whether balancers share the front's sockets.
    ///   - keepsFrontSockets: whether they are handed sockets of their own.
    init(_ stack: Stack, hasFront: Bool, keepsFrontSockets: Bool = false) throws {
        self.hasFront = hasFront
        self.keepsFrontSockets = keepsFrontSockets
        engines = try TestEngines()
        // nginx -t binds its addresses, so they must be this machine's.
        var stack = stack
        for index in stack.hosts.indices where !stack.hosts[index].isOnLoopback {
            stack.hosts[index].address = "127" + stack.hosts[index].address.drop { $0 != "." }
        }
        self.stack = stack
        root = "/tmp/tb-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: deepFolder, withIntermediateDirectories: true)
        let made = try run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=test", "-keyout", "\(root)/key.pem", "-out", "\(root)/cert.pem",
        ])
        try #require(made.status == 0, "openssl: \(made.output)")
    }

    func remove() { try? FileManager.default.removeItem(atPath: root) }

    /// Root's checks look at interfaces and make folders below /run: in namespaces with both, where every host's
    /// address is on one interface.
    private func checkOfRoot(_ command: [String]) throws -> Outcome? {
        guard geteuid() == 0, Namespace.canBeMade else { return nil }
        let script = """
            mount -t tmpfs tmpfs /run && ip link add net0 type veth peer name net1 && ip link set net0 up || exit
            for address in $0; do ip address add "$address/24" dev net0 || exit; done
            exec "$@"
            """
        return try run(
            ["/usr/bin/unshare", "--net", "--mount", "/bin/bash", "-c", script]
                + [stack.hosts.map(\.address).joined(separator: " ")] + command)
    }

    /// 150 characters, some of which mean something in one format or another.
    private var deepFolder: String {
        let name = "\(root)/my project's [1] $HOME #2 100%; {a}/"
        return name + String(repeating: "x", count: 150 - name.count)
    }

    private func layout(_ host: Host) -> Layout {
        Layout(
            hostFolder: "\(deepFolder)/\(host.name)", socketFolder: "\(root)/\(host.name)",
            programs: engines.programs,
            front: hasFront && host.has(.balancer) ? Layout.Front() : nil, keepsFrontSockets: keepsFrontSockets)
    }

    /// Writes what an agent would: folders, certificates, files.
    func prepare(_ host: Host) throws -> HostBlueprint {
        let layout = layout(host)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        let tls = URL(fileURLWithPath: layout.caFile).deletingLastPathComponent().path
        for folder in blueprint.folders + [tls] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let certificate = try Data(contentsOf: URL(fileURLWithPath: "\(root)/cert.pem"))
        let key = try Data(contentsOf: URL(fileURLWithPath: "\(root)/key.pem"))
        try certificate.write(to: URL(fileURLWithPath: layout.caFile))
        for file in [
            layout.webCertificateFile, layout.databaseCertificateFile, layout.monitorCertificateFile,
            layout.monitorCAFile,
        ] {
            try certificate.write(to: URL(fileURLWithPath: file))
        }
        for file in [layout.webKeyFile, layout.databaseKeyFile, layout.monitorKeyFile] {
            try key.write(to: URL(fileURLWithPath: file))
        }
        for bundle in [layout.balancerBundleFile, layout.frontBundleFile] {
            try (certificate + key).write(to: URL(fileURLWithPath: bundle))
        }
        for file in blueprint.files {
            try Data(file.contents.utf8).write(to: URL(fileURLWithPath: file.path))
        }
        return blueprint
    }

    /// What the program says of its files; nil where it has no check.
    func check(_ service: ServiceBlueprint) throws -> Outcome? {
        guard var command = service.check else { return nil }
        // mysqld refuses to run as root unless it is told to.
        if service.name == .mysql, geteuid() == 0 { command.append("--user=root") }
        if service.name == .keepalived { return try checkOfRoot(command) }
        guard !service.sockets.isEmpty else { return try run(command, in: service.workingDirectory) }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        let listener = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let handOver = #"exec "$@" "# + service.sockets.map { "\($0.descriptor)<&0" }.joined(separator: " ")
        return try run(["/bin/bash", "-c", handOver, "bash"] + command, in: service.workingDirectory, input: listener)
    }
}
