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

/// Every generated file, read by the program it is for, from a folder whose name has everything that needs quoting.
@Suite struct RealProgramTests {
    @Test(arguments: Sample.all)
    func `the real programs accept every generated file without a warning`(sample: Sample) throws {
        let bench = try Bench(sample)
        defer { bench.remove() }
        for host in bench.stack.hosts {
            let blueprint = try bench.prepare(host)
            #expect(!blueprint.services.isEmpty)
            for service in blueprint.services {
                guard let check = service.check else { continue }
                let outcome = try bench.check(check, of: service)
                #expect(outcome.status == 0, "\(host.name), \(service.name.rawValue):\n\(outcome.output)")
                #expect(outcome.output == "", "\(host.name), \(service.name.rawValue)")
            }
        }
    }

    @Test func `the real programs refuse a file that is broken`() throws {
        let bench = try Bench(.smallest)
        defer { bench.remove() }
        for host in bench.stack.hosts {
            let blueprint = try bench.prepare(host)
            for file in blueprint.files {
                try Data((file.contents + "\nno_such_directive here;\n").utf8).write(
                    to: URL(fileURLWithPath: file.path))
            }
            for service in blueprint.services {
                guard let check = service.check else { continue }
                #expect(try bench.check(check, of: service).status != 0, "\(service.name.rawValue)")
            }
        }
    }
}

/// A sample stack laid out on this machine: loopback addresses, certificates, and folders with awkward names.
private struct Bench {
    let stack: Stack
    let root: String
    let engines: TestEngines
    private let sample: Sample

    init(_ sample: Sample) throws {
        self.sample = sample
        engines = try TestEngines()
        // nginx -t binds its addresses, so they must be this machine's.
        var stack = sample.stack
        for index in stack.hosts.indices where stack.hosts[index].address.hasPrefix("10.") {
            stack.hosts[index].address = "127." + stack.hosts[index].address.dropFirst(3)
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

    /// 150 characters, some of which mean something in one format or another.
    private var deepFolder: String {
        let name = "\(root)/my project's [1] $HOME #2 100%; {a}/"
        return name + String(repeating: "x", count: 150 - name.count)
    }

    private func layout(_ host: Host) -> Layout {
        Layout(
            hostFolder: "\(deepFolder)/\(host.name)", socketFolder: "\(root)/\(host.name)",
            programs: engines.programs,
            front: sample.layout(host).front.map { _ in Layout.Front() })
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
        try certificate.write(to: URL(fileURLWithPath: layout.certificateFile))
        try key.write(to: URL(fileURLWithPath: layout.keyFile))
        try (certificate + key).write(to: URL(fileURLWithPath: layout.frontBundleFile))
        for file in blueprint.files {
            try Data(file.contents.utf8).write(to: URL(fileURLWithPath: file.path))
        }
        return blueprint
    }

    func check(_ command: [String], of service: ServiceBlueprint) throws -> Outcome {
        var command = command
        // mysqld refuses to run as root unless it is told to.
        if service.name == .mysql, geteuid() == 0 { command.append("--user=root") }
        guard service.takesFrontSockets else { return try run(command, in: service.workingDirectory) }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        let listener = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let front = Layout.Front()
        let handOver = #"exec "$@" \#(front.httpDescriptor)<&0 \#(front.httpsDescriptor)<&0"#
        return try run(["/bin/bash", "-c", handOver, "bash"] + command, in: service.workingDirectory, input: listener)
    }
}
