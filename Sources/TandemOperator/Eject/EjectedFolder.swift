import Foundation
import TandemBlueprint
import TandemStack

/// The folder that `eject` fills: nobody else may look into it, for it holds keys.
struct EjectedFolder {
    var path: String

    /// What has to lie under / of a host.
    func tree(_ host: Host) -> String { "\(path)/\(host.name)" }

    func make() throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch {
            throw Failure(.failed, "cannot make the folder \(path): \(error.localizedDescription)")
        }
    }

    func write(_ file: FileBlueprint, of host: Host) throws {
        try write(file.contents, to: "\(host.name)\(file.path)", mode: Int(file.mode))
    }

    /// Makes a folder of a host, open to all like those above it: what has to be closed is closed on the host.
    func makeFolder(_ folder: String, of host: Host) throws {
        let whole = tree(host) + folder
        do {
            try FileManager.default.createDirectory(
                atPath: whole, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch {
            throw Failure(.failed, "cannot make the folder \(whole): \(error.localizedDescription)")
        }
    }

    func write(_ text: String, to name: String, mode: Int) throws {
        let file = "\(path)/\(name)"
        do {
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            // Before there is anything in it; the folder is closed besides.
            try? FileManager.default.removeItem(atPath: file)
            guard FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: mode])
            else { throw CocoaError(.fileWriteUnknown) }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw Failure(.failed, "cannot write \(file): \(error.localizedDescription)")
        }
    }
}
