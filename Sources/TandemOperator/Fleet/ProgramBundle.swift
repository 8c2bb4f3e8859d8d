import Crypto
import Foundation
import Glibc
import TandemBlueprint
import TandemFleet
import TandemPKI

/// This very program with the libraries that a host may lack, named by its content.
package struct ProgramBundle: Sendable {
    /// The executable.
    package let path: String
    /// The first 16 digits of its SHA-256.
    let identifier: String

    package init() throws {
        path = OwnProgram.path
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else {
            throw Failure(.failed, "cannot read \(path), which is to go to the hosts")
        }
        identifier = SHA256.hash(data: data).prefix(8).hexadecimal
    }

    /// What every Debian and Ubuntu with OpenSSH has, and what belongs to the kernel.
    private static let everywhere = [
        "linux-vdso", "ld-linux", "libc.so", "libm.so", "libz.so", "libssl.so", "libcrypto.so", "libgcc_s.so",
        "libpthread.so", "libdl.so", "librt.so", "libresolv.so",
    ]

    /// A compressed tar of it. The loader looks for libraries beside the program.
    package func archive() throws -> [UInt8] {
        let listed = try RootTool.run(["/usr/bin/env", "LC_ALL=C", "ldd", path], capturing: 1 << 20)
        guard listed.status == 0 else { throw Failure(.failed, "ldd cannot tell which libraries \(path) needs") }
        var template = Array("/tmp/tandem-program-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RootFile.failure("make a folder below", "/tmp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = "\(folder)/tandem"
        try FileManager.default.copyItem(atPath: path, toPath: program)
        // For a debugger alone; most of its size. Where there is no strip(1), it goes as it is.
        _ = try? RootTool.run(["/usr/bin/env", "strip", program], isQuiet: true)
        for library in try Self.libraries(String(decoding: listed.output, as: UTF8.self)) {
            try FileManager.default.copyItem(
                atPath: Project.resolved(library.path), toPath: "\(folder)/\(library.name)")
        }
        try copyPlugins(beside: listed.output, to: "\(folder)/\(Self.pluginFolder)")
        let archive = try RootTool.run(
            [
                "/usr/bin/env", "tar", "--create", "--use-compress-program", "gzip -1", "--owner=0", "--group=0",
                "--numeric-owner", "--directory", folder, ".",
            ], capturing: 1 << 30)
        guard archive.status == 0 else { throw Failure(.failed, "tar cannot pack \(path)") }
        return Array(archive.output)
    }

    private static let pluginFolder = "plugin"

    /// MySQL's client library loads its ways to log in by name, from a folder beside it.
    private func copyPlugins(beside listed: Data, to folder: String) throws {
        guard
            let library = try Self.libraries(String(decoding: listed, as: UTF8.self)).first(where: {
                $0.name.hasPrefix("libmariadb.so")
            })
        else { return }
        let there = (Project.resolved(library.path) as NSString).deletingLastPathComponent + "/libmariadb3/plugin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for name in ["caching_sha2_password.so", "sha256_password.so"] {
            do {
                try FileManager.default.copyItem(atPath: "\(there)/\(name)", toPath: "\(folder)/\(name)")
            } catch {
                throw Failure(
                    .failed, "cannot read \(there)/\(name), a part of MySQL's client library; install libmariadb3")
            }
        }
    }

    /// Where the program was brought by a bundle, MySQL's client library looks beside it.
    package static func usePlugins() {
        let folder = (OwnProgram.path as NSString).deletingLastPathComponent + "/\(pluginFolder)"
        if access(folder, X_OK) == 0 { setenv("MARIADB_PLUGIN_DIR", folder, 0) }
    }

    /// As ldd(1) lists them: `NAME => PATH (ADDRESS)`.
    static func libraries(_ words: String) throws -> [(name: String, path: String)] {
        try words.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ").map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count >= 3, parts[1] == "=>", !everywhere.contains(where: { parts[0].hasPrefix($0) }) else {
                return nil
            }
            guard parts[2].hasPrefix("/") else {
                throw Failure(.failed, "this machine lacks the library \(parts[0]), which tandem needs")
            }
            return (parts[0], parts[2])
        }
    }

    /// Beside earlier versions, which agents may be running still. One that cannot run here is not put in place.
    static let installation = """
        set -e
        umask 022
        cd \(HostPlaces.programFolder)
        rm -rf "$1.new" && mkdir "$1.new"
        tar --extract --gzip --no-same-owner --directory "$1.new"
        # Accounts of stacks run it, too.
        chmod -R u=rwX,go=rX "$1.new"
        "./$1.new/tandem" version >/dev/null
        rm -rf "$1" && mv -T "$1.new" "$1"
        ln -sfn "$1/tandem" .link && mv -T .link tandem
        ls -dt */ | tail -n +4 | while read -r old; do rm -rf "$old"; done
        """
}
