import Foundation
import TandemBlueprint
import TandemServices

/// What a program that ended means by its last words, and what to do about it. Only what is known to be meant.
enum FailureCause {
    private struct Sign {
        /// All in lower case; one of them is enough.
        var words: [String]
        var cause: String
    }

    /// - Parameters:
    ///   - lines: the end of the program's log.
    ///   - folder: of the host.
    ///   - service: where it is known.
    /// - Returns: one line; nil when nothing is recognised.
    static func find(in lines: [String], folder: String, service: ServiceBlueprint? = nil) -> String? {
        let text = lines.joined(separator: "\n").lowercased()
        if service?.account == .application {
            // The shell's own, before the program could say anything.
            if lines.last?.contains("status 127") == true {
                return
                    "the shell does not find the program that its command names: is it there, seen from the stack file's folder, "
                    + "or on PATH?"
            }
            if lines.last?.contains("status 126") == true {
                return
                    "the file that its command names may not be executed: chmod +x FILE, or name its interpreter, as in python3 FILE"
            }
        }
        if text.contains("address already in use") || text.contains("eaddrinuse"), let service,
            let holder = holder(service, folder)
        {
            return holder
        }
        return signs(folder).first { sign in sign.words.contains { text.contains($0) } }?.cause
    }

    /// - Parameter log: the end of the process's log.
    /// - Returns: why it ended, with the cause where it is known; and the same with the last words of its log.
    static func detail(_ reason: String, log: [String], of process: ServiceProcess) -> (reason: String, text: String) {
        let cause = find(
            in: log.suffix(20) + [reason], folder: process.starter.layout.hostFolder, service: process.service)
        let reason = cause.map { "\(reason)\n\($0)" } ?? reason
        return (reason, ([reason] + LogTail.telling(log, count: 5)).joined(separator: "\n"))
    }

    /// The shell says 126 of what it may not run and 127 of what it does not find; neither mends itself.
    static func isCommandUseless(_ ending: RunningProcess.Ending) -> Bool {
        ending == .exited(126) || ending == .exited(127)
    }

    /// Who holds a place where the service is to listen; nil where that cannot be seen.
    private static func holder(_ service: ServiceBlueprint, _ folder: String) -> String? {
        // The agent itself has the sockets that it hands to the service.
        for place in service.listeners
        where !service.sockets.contains(where: { $0.address == place.address && $0.port == place.port }) {
            guard let holder = ListenerCheck.holder(of: place.port, address: place.address) else { continue }
            let hosts = (folder as NSString).deletingLastPathComponent
            guard let mark = ProcessIdentity.mark(of: holder.pid), mark.hasPrefix("\(hosts)/") else {
                return "\(holder.name) (pid \(holder.pid)) listens on \(place.address):\(place.port): end that one"
            }
            let owner = mark.dropFirst(hosts.utf8.count + 1).split(separator: " ")
            let who = owner.count == 2 ? "\(owner[1]) on \(owner[0])" : "another one of this stack"
            return
                "\(who) listens on port \(place.port) of all addresses, so that no other one can listen: the app has to listen "
                + "on the address in HOST alone, not on 0.0.0.0 or ::"
        }
        return nil
    }

    /// The first that is found counts: what is full or forbidden is often the reason for what comes after.
    private static func signs(_ folder: String) -> [Sign] {
        [
            Sign(
                words: ["no space left on device", "out of disk space", "disk is full", "disk quota exceeded"],
                cause: "the disk is full: make room where \(folder) lies"),
            Sign(
                words: ["address already in use"],
                cause: "another program listens on its address: `ss -ltnp` shows which; end that one"),
            Sign(
                words: ["permission denied", "os errno 13"],
                cause: "it may not open one of its files: does all in \(folder) belong to the user whom it runs as?"),
            Sign(
                words: ["too many open files", "cannot allocate memory", "out of memory"],
                cause: "the machine grants it too little memory, or too few open files (ulimit -n)"),
            Sign(
                words: [
                    "failed to initialize dd storage engine", "page corruption", "checksum mismatch",
                    "is corrupted", "data dictionary initialization failed", "ib_logfile", "redo log file is corrupt",
                ],
                cause: "its data in \(folder)/data is damaged. A replica gets a new copy when that folder is removed; "
                    + "a primary needs a backup, or the replica's data in its place"),
        ]
    }
}
