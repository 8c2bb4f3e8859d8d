import Foundation
import Glibc

/// A program that root runs and waits for, without starting a thread: root is given up afterwards by a process that has
/// one.
package enum RootTool {
    /// - Parameters:
    ///   - command: absolute path and arguments.
    ///   - input: what it reads; nil: what we would.
    ///   - limit: bytes of standard output that are taken; nil: it goes where ours goes.
    /// - Returns: the exit status, 128 and the signal's number where a signal ended it.
    package static func run(
        _ command: [String], environment: [String: String]? = nil, capturing limit: Int? = nil,
        input: Data? = nil, isQuiet: Bool = false
    ) throws -> (status: Int32, output: Data) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var ends: [Int32] = [-1, -1]
        if limit != nil {
            guard pipe(&ends) == 0 else { throw failure(command, errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        }
        let inputFile = try input.map { try file(holding: $0) }
        defer { if let inputFile { close(inputFile) } }
        if let inputFile { posix_spawn_file_actions_adddup2(&actions, inputFile, 0) }
        if isQuiet {
            for descriptor: Int32 in limit == nil ? [1, 2] : [2] {
                posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        var pid: pid_t = 0
        let error = CStrings.with(command) { arguments in
            CStrings.with(variables) { posix_spawn(&pid, command[0], &actions, &attributes, arguments, $0) }
        }
        if limit != nil { close(ends[1]) }
        defer { if limit != nil { close(ends[0]) } }
        guard error == 0 else { throw failure(command, error) }
        // The terminal tells it too; what comes after it is ours to do.
        let signals = [SIGINT, SIGQUIT].map { ($0, signal($0, SIG_IGN)) }
        defer { for (number, handler) in signals { signal(number, handler) } }
        let output = limit.map { read(ends[0], limit: $0) } ?? Data()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let number = status & 0x7f
        return (number == 0 ? (status >> 8) & 0xff : 128 + number, output)
    }

    /// A file without a name: what is in it may be secret, and larger than a pipe holds.
    private static func file(holding data: Data) throws -> Int32 {
        var template = Array("/tmp/tandem-input-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw Failure(.failed, "cannot make a file in /tmp: \(String(cString: strerror(errno)))")
        }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: data)
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func failure(_ command: [String], _ error: Int32) -> Failure {
        Failure(.failed, "cannot run \(command[0]): \(String(cString: strerror(error)))")
    }

    private static func read(_ descriptor: Int32, limit: Int) -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, data.count <= limit else { return data }
            data.append(contentsOf: buffer[..<count])
        }
    }
}

/// Arrays of C strings that end with NULL.
package enum CStrings {
    package static func with<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> R) rethrows -> R
    {
        let pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return try body(pointers)
    }
}
