import CTandemSystem
import Foundation
import Glibc

/// Writes files below a folder of ours. No link on the way is followed, and a file that is there is replaced, not
/// written to.
struct OwnTree {
    var path: String

    init(_ path: String) { self.path = path }

    /// - Parameters:
    ///   - mode: of a new folder. One that is there keeps its own.
    ///   - check: looks at the folder once it is there, before anything is changed about it.
    /// - Returns: whether the folder is new.
    func make(mode: UInt16, _ check: () throws -> Void) throws -> Bool {
        let isNew = !FileManager.default.fileExists(atPath: path)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(.failed, "cannot make the folder \(path): \(error.localizedDescription)")
        }
        try check()
        guard !isNew || chmod(path, mode_t(mode)) == 0 else { throw failure("") }
        return isNew
    }

    /// Whatever the mode says, only the owner may write, and nothing is set-uid.
    func write(_ entry: HandOver.Entry) throws {
        var components = entry.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard !components.contains(where: { ["", ".", ".."].contains($0) || $0.contains("\0") }) else {
            throw Failure(.failed, "cannot write '\(entry.path)' below \(path): it is no path of a file there")
        }
        let last = components.removeLast()
        var folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        defer { close(folder) }
        guard folder >= 0 else { throw failure("") }
        for component in components { folder = try enter(component, of: folder, mode: 0o755, entry) }
        guard let contents = entry.contents else {
            folder = try enter(last, of: folder, mode: entry.mode, entry)
            guard fchmod(folder, mode_t(entry.mode & 0o755)) == 0 else { throw failure(entry.path) }
            return
        }
        guard unlinkat(folder, last, 0) == 0 || errno == ENOENT else { throw failure(entry.path) }
        let file = openat(folder, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600))
        guard file >= 0 else { throw failure(entry.path) }
        defer { close(file) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
        do { try handle.write(contentsOf: contents) } catch { throw failure(entry.path) }
        guard fchmod(file, mode_t(entry.mode & 0o755)) == 0 else { throw failure(entry.path) }
    }

    /// Closes the folder above.
    private func enter(_ name: String, of folder: Int32, mode: UInt16, _ entry: HandOver.Entry) throws -> Int32 {
        guard mkdirat(folder, name, mode_t(mode)) == 0 || errno == EEXIST else { throw failure(entry.path) }
        let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard next >= 0 else { throw failure(entry.path) }
        close(folder)
        return next
    }

    /// All that is below, folders before what is in them.
    func read() throws -> [HandOver.Entry] {
        try (FileManager.default.subpathsOfDirectory(atPath: path)).sorted().compactMap { name in
            var entry = tandem_entry()
            guard tandem_look_at("\(path)/\(name)", 0, &entry) == 0 else { throw failure(name) }
            let mode = UInt16(entry.mode & 0o777)
            switch entry.mode & S_IFMT {
            case S_IFDIR: return HandOver.Entry(path: name, mode: mode, contents: nil)
            case S_IFREG:
                let contents = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
                return HandOver.Entry(path: name, mode: mode, contents: contents)
            default: return nil
            }
        }
    }

    private func failure(_ name: String) -> Failure {
        Failure(.failed, "cannot write \(path)/\(name): \(String(cString: strerror(errno)))")
    }
}
