import Foundation
import Glibc
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("Root's terminal", .enabled(if: geteuid() == 0, "only root has rights that could be typed away"))
struct RootTerminalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A stack file of another user's that has root's command run a program of that user's, whose words go to the file
    /// `said`.
    private func project(running script: String) throws {
        try folder.put(
            "mysql", "#!/bin/sh\n(\(script)) >> '\(folder.path)/said'\necho 'mysql  Ver 9.7.4 for Linux'\n")
        try folder.put("said", "")
        try folder.put("tandem.yaml", "stack: terminal\napp: {run: echo}\nengines: {mysql: ./mysql}\n")
        for (name, mode) in [("mysql", 0o755), ("said", 0o666), ("tandem.yaml", 0o644)] {
            chmod("\(folder.path)/\(name)", mode_t(mode))
            #expect(lchown("\(folder.path)/\(name)", 65_534, 65_534) == 0)
        }
        #expect(lchown(folder.path, 65_534, 65_534) == 0)
    }

    /// Who controls a terminal may type into it (ioctl_tty(2), TIOCSTI), and the next to read it is root's shell.
    @Test("is controlled by nothing that another user's stack file has root's command run")
    func uncontrolled() throws {
        try project(running: "(: < /dev/tty) 2>/dev/null && echo controlled || echo none")
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

    /// A stack of another user's, with something to delete: `destroy` asks for its name.
    private func project() throws {
        try folder.put("tandem.yaml", "stack: terminal\napp: {run: echo}\n")
        try folder.put(".tandem/terminal/note", "")
        for path in ["", "/tandem.yaml", "/.tandem", "/.tandem/terminal", "/.tandem/terminal/note"] {
            #expect(lchown(folder.path + path, 65_534, 65_534) == 0)
        }
        chmod("\(folder.path)/.tandem/terminal", 0o700)
    }

    /// Has Python be the user at a terminal.
    private func atTerminal(_ steps: String, _ command: [String]) throws -> Program.Outcome {
        let script = """
            import fcntl, os, pty, select, struct, sys, time
            pid, terminal = pty.fork()
            if pid == 0:
                # The last word is the program under test, which the wrapper adds.
                os.execv(sys.argv[1], sys.argv[1:-1])
            name = "/dev/pts/%d" % struct.unpack("i", fcntl.ioctl(terminal, 0x80045430, bytes(4)))[0]
            seen = b""
            def until(words, bound=60):
                global seen
                end = time.time() + bound
                while words not in seen:
                    if time.time() > end: sys.exit("no %r in %r" % (words, seen))
                    if select.select([terminal], [], [], 0.2)[0]:
                        seen += os.read(terminal, 65536)
                seen = seen[seen.index(words) + len(words):]
            def type(text): os.write(terminal, text)
            def end():
                global seen
                while True:
                    try: more = os.read(terminal, 65536)
                    except OSError: break
                    if not more: break
                    seen += more
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            def others():
                # Processes that are not root's, with what they have open.
                for number in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        if os.stat("/proc/" + number).st_uid == 0 and "Uid:\\t0\\t" in open("/proc/%s/status" % number).read(): continue
                        folder = "/proc/%s/fd/" % number
                        yield number, [os.readlink(folder + each) for each in os.listdir(folder)]
                    except OSError: pass
            \(steps)
            """
        return try Program.run(
            [], in: folder.path, environment: ["TANDEM_UNDER_TEST": Program.path],
            through: ["/usr/bin/env", "python3", "-c", script] + command)
    }

    @Test("is open in no process of another user's, who has one of their own, and is itself afterwards")
    func ownTerminal() throws {
        try project()
        let outcome = try atTerminal(
            """
            until(b"Type its name to go on: ")
            time.sleep(0.5)
            found = list(others())
            holders = [number for number, files in found if name in files]
            assert not holders, holders
            assert any(file.startswith("/dev/pts/") for number, files in found for file in files), found
            type(b"terminal\\r")
            until(b"terminal is gone")
            status = end()
            assert status == 0, (status, seen)
            assert b"\\r\\r\\n" not in seen, seen
            """, ["/bin/sh", "-c", "exec \"$TANDEM_UNDER_TEST\" destroy"])
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test("has Ctrl-C end the command, by the signal, and stays usable")
    func interrupted() throws {
        try project()
        let outcome = try atTerminal(
            """
            until(b"# ")
            type(b"'%s' destroy; echo status=$?\\r" % os.environb[b"TANDEM_UNDER_TEST"])
            until(b"Type its name to go on: ")
            time.sleep(0.5)
            type(b"\\x03")
            until(b"status=130")
            until(b"# ")
            type(b"exit 3\\r")
            assert end() == 3
            """, ["/bin/bash", "--norc", "--noprofile", "-i", "-s"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/.tandem/terminal"))
    }

    @Test("keeps its keyboard for the rest of a pipeline where the command does not read")
    func pipeline() throws {
        try project()
        let outcome = try atTerminal(
            """
            until(b"# ")
            type(b"'%s' check --format json | (echo re''ady; read x < /dev/tty; cat > /dev/null; echo got $x)\\r" % os.environb[b"TANDEM_UNDER_TEST"])
            # The shell has left the terminal to the pipeline. What is echoed of the line has quotation marks in this word.
            until(b"ready")
            time.sleep(1)
            type(b"words\\r")
            until(b"got words")
            type(b"exit 3\\r")
            assert end() == 3
            """, ["/bin/bash", "--norc", "--noprofile", "-i", "-s"])
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test(
        "is open in no process of another user's where only some streams are the terminal's, and shows what they write")
    func redirected() throws {
        try project(running: "ls -l /proc/self/fd")
        let outcome = try atTerminal(
            """
            status = end()
            assert status == 4, (status, seen)
            assert b"not running" in seen, seen
            """,
            [
                "/bin/sh", "-c",
                "\"$TANDEM_UNDER_TEST\" render > out; exec \"$TANDEM_UNDER_TEST\" status < /dev/null",
            ])
        #expect(outcome.status == 0, "\(outcome)")
        let said = try String(contentsOfFile: "\(folder.path)/said", encoding: .utf8)
        #expect(!said.isEmpty && !said.contains("/dev/pts"), "\(said)")
        #expect(try String(contentsOfFile: "\(folder.path)/out", encoding: .utf8).contains("haproxy"))
    }
}
