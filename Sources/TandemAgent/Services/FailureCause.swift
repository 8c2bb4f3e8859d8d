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
    /// - Returns: one line; nil when nothing is recognised.
    static func find(in lines: [String], folder: String) -> String? {
        let text = lines.joined(separator: "\n").lowercased()
        return signs(folder).first { sign in sign.words.contains { text.contains($0) } }?.cause
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
