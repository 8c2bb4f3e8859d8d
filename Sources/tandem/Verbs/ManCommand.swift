import ArgumentParser
import Foundation
import TandemOperator

struct ManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Shows the manual page. If the output is not a terminal, prints its source.",
        discussion: """
            To have it under its name:
              tandem man | sudo tee /usr/local/share/man/man1/tandem.1 >/dev/null
            """)

    func run() throws {
        let page = ManualPage(root: try CommandDescription.of(Tandem.self), version: Version.number).text
        let viewer = "/usr/bin/man"
        guard isatty(STDOUT_FILENO) == 1, FileManager.default.isExecutableFile(atPath: viewer),
            page.utf8.count <= Self.pipeBytes
        else {
            print(page, terminator: "")
            return
        }
        try show(page, viewer)
    }

    /// What a pipe holds before its reader has come (pipe(7)).
    private static let pipeBytes = 65536

    /// man(1) takes this process's place, so that its pager is in the terminal's foreground. The page waits for it in a
    /// pipe.
    private func show(_ page: String, _ viewer: String) throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(page.utf8))
        try pipe.fileHandleForWriting.close()
        dup2(pipe.fileHandleForReading.fileDescriptor, STDIN_FILENO)
        let command = [viewer, "-l", "-"]
        var words = command.map { strdup($0) } + [nil]
        execv(viewer, &words)
        throw Failure(.failed, "cannot run \(viewer): \(String(cString: strerror(errno)))")
    }
}
