import CoreFoundation
import Foundation
import Glibc
import TandemBlueprint
import TandemStack

/// A certificate, a key, or a folder for them, on its way to the host that it is for.
public struct HostFile: Codable, Sendable, Equatable {
    /// Below the stack's folder.
    public var path: String
    /// Permission bits.
    public var mode: UInt16
    /// nil: a folder.
    public var contents: String?
}

extension StackFolder {
    /// What `StackPKI` has made for one host.
    public func certificates(of host: String) throws -> [HostFile] {
        var result: [HostFile] = []
        for root in ["run/\(host)", "hosts/\(host)"] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: "\(path)/\(root)").sorted()
            for name in names where name.hasSuffix(".pem") {
                result += try folders(above: name, in: root, known: result)
                result.append(try file("\(root)/\(name)"))
            }
        }
        return result
    }

    private func folders(above name: String, in root: String, known: [HostFile]) throws -> [HostFile] {
        var result: [HostFile] = []
        var place = root
        for component in name.split(separator: "/").dropLast() {
            place += "/\(component)"
            if known.contains(where: { $0.path == place }) { continue }
            result.append(HostFile(path: place, mode: try mode("\(path)/\(place)"), contents: nil))
        }
        return result
    }

    private func file(_ name: String) throws -> HostFile {
        guard let text = try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) else {
            throw StateError.file("read", "\(path)/\(name)")
        }
        return HostFile(path: name, mode: try mode("\(path)/\(name)"), contents: text)
    }

    private func mode(_ path: String) throws -> UInt16 {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw StateError.file("look at", path) }
        return UInt16(status.st_mode & 0o777)
    }

    /// Writes what came for a host, where `StackPKI` would have written it.
    /// - Throws: `StateError` for anything that is no certificate of this host; then nothing was written.
    public func write(_ files: [HostFile], of host: String) throws {
        for file in files where !Self.isCertificate(file, of: host) {
            throw StateError(
                "'\(file.path)' is no certificate of \(host); expected a .pem file below hosts/\(host) or run/\(host)")
        }
        for root in ["run/\(host)", "hosts/\(host)"] { try Folders.make("\(path)/\(root)") }
        for file in files {
            guard let contents = file.contents else {
                try Folders.make("\(path)/\(file.path)", mode: file.mode)
                continue
            }
            try AtomicFile.write(contents, to: "\(path)/\(file.path)", mode: file.mode)
        }
    }

    private static func isCertificate(_ file: HostFile, of host: String) -> Bool {
        let components = file.path.split(separator: "/", omittingEmptySubsequences: false)
        guard components.count > 2, ["run", "hosts"].contains(components[0]), components[1] == host,
            file.mode & ~0o755 == 0,
            !components.contains(where: { $0.isEmpty || $0.hasPrefix(".") || $0.contains("\0") })
        else { return false }
        return file.contents == nil || file.path.hasSuffix(".pem")
    }
}

/// All that a host needs to begin as a part of a stack.
public struct HostPackage: Codable, Sendable {
    public var settings: AppliedHost
    public var host: String
    public var certificates: [HostFile]
    /// The stack file's text.
    public var stackFile: String

    public init(settings: AppliedHost, host: String, certificates: [HostFile], stackFile: String) {
        self.settings = settings
        self.host = host
        self.certificates = certificates
        self.stackFile = stackFile
    }

    public var stack: String { settings.applied.stack.name }

    /// Writes it down for the agent, as the account that the agent runs as.
    public func unpack(into folder: StackFolder) throws {
        _ = try settings.host(host)
        for path in [
            folder.path, folder.hostsFolder, "\(folder.path)/run", folder.host(host), folder.records(host),
            folder.logs(host),
        ] { try Folders.make(path) }
        try folder.write(certificates, of: host)
        try settings.save(host: host, folder: folder)
        // For commands that are run on the host itself.
        try AtomicFile.write(stackFile, to: "\(folder.path)/tandem.yaml")
        try AtomicFile.write(settings.applied, to: folder.appliedFile)
        var state = FleetState(isRunning: true)
        try state.save(folder)
    }
}
