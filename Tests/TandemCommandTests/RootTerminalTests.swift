import Foundation
import Glibc
import Testing

@testable import tandem

@Suite("Root's terminal", .enabled(if: geteuid() == 0, "only root has rights that could be typed away"))
struct RootTerminalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Who controls a terminal may type into it (ioctl_tty(2), TIOCSTI), and the next to read it is root's shell.
    @Test("is controlled by nothing that another user's stack file has root's command run")
    func uncontrolled() throws {
        try folder.put(
            "mysql",
            "#!/bin/sh\n(: < /dev/tty) 2>/dev/null && echo controlled >> '\(folder.path)/said' "
                + "|| echo none >> '\(folder.path)/said'\necho 'mysql  Ver 9.7.4 for Linux'\n")
        try folder.put("said", "")
        try folder.put("tandem.yaml", "stack: terminal\napp: {run: echo}\nengines: {mysql: ./mysql}\n")
        for (name, mode) in [("mysql", 0o755), ("said", 0o666), ("tandem.yaml", 0o644)] {
            chmod("\(folder.path)/\(name)", mode_t(mode))
            #expect(lchown("\(folder.path)/\(name)", 65_534, 65_534) == 0)
        }
        #expect(lchown(folder.path, 65_534, 65_534) == 0)
        // A terminal of its own, which the command gets as its controlling one.
        let script = """
            import os, pty, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            while True:
                try:
                    if not os.read(terminal, 65536): break
                except OSError: break
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """
        let outcome = try Program.run(
            ["render"], in: folder.path, through: ["/usr/bin/env", "python3", "-c", script])
        #expect(outcome.status == 0, "\(outcome)")
        let said = try String(contentsOfFile: "\(folder.path)/said", encoding: .utf8)
        #expect(said.contains("none"), "the program ran")
        #expect(!said.contains("controlled"))
    }
}
