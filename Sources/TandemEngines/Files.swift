import Foundation
import Glibc

/// What `errno` says, for error messages.
func systemError(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

func isExecutableFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
}

func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

/// The content of a file, or nil if there is none of that name.
func readFile(_ path: String) throws -> Data? {
    guard access(path, F_OK) == 0 else {
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw EngineError(
            .folder, doing: "read \(path)", what: systemError(), next: "Give this user the right to read it.")
    }
    do {
        return try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
        throw EngineError(
            .folder, doing: "read \(path)", what: "\(error)", next: "Give this user the right to read it.")
    }
}

/// Replaces a file so that whoever reads sees the old content or the new one, also after a power cut.
func writeFileAtomically(_ path: String, _ content: Data) throws {
    let temporary = "\(path).new"
    func failed(_ code: Int32) -> EngineError {
        EngineError(
            .folder, doing: "write \(path)", what: systemError(code),
            next: "Free some disk space, or give this user the right to write there.")
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed(errno) }
    defer { close(descriptor) }
    var rest = content[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw failed(errno) }
        rest = rest.dropFirst(count)
    }
    // Others than root must be able to read what root has installed, whatever root's umask is.
    if geteuid() == 0 { fchmod(descriptor, 0o644) }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failed(errno) }
}

/// Makes a folder and those above it. As root, what is made can be read by all.
func makeFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
    let parent = (path as NSString).deletingLastPathComponent
    if parent != path && !parent.isEmpty { try makeFolder(parent) }
    if mkdir(path, 0o755) == 0 {
        // Only what was made here: what was there before keeps its rights.
        if geteuid() == 0 { chmod(path, 0o755) }
        return
    }
    let code = errno
    // Another run may have made it meanwhile. Anything but a folder in its place is an error.
    if code == EEXIST, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        return
    }
    throw EngineError(
        .folder, doing: "make the folder \(path)",
        what: code == EEXIST ? "something that is not a folder is in its place" : systemError(code),
        next: "Give this user the right to make it, or set TANDEM_ENGINES to a folder that it may write to.")
}

func removeTree(_ path: String) throws {
    do {
        try FileManager.default.removeItem(atPath: path)
    } catch let error as CocoaError where error.code == .fileNoSuchFile {
        return
    } catch {
        throw EngineError(
            .folder, doing: "delete \(path)", what: "\(error)", next: "Delete it by hand and try again.")
    }
}

/// The names in a folder, sorted; none if there is no such folder.
func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
}

/// The disk space that a tree takes.
func diskUse(of folder: String) -> Int64 {
    var blocks: Int64 = 0
    for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        var status = stat()
        if lstat("\(folder)/\(name)", &status) == 0 { blocks += Int64(status.st_blocks) }
    }
    return blocks * 512
}

/// What an ordinary user can still write to the disk that holds a folder; nil if the system does not say.
func freeBytes(at folder: String) -> Int64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return Int64(status.f_bavail) * Int64(status.f_frsize)
}
