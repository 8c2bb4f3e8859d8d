import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Stops the stack and deletes all that it has, on this machine or on its hosts, data included.")

    @OptionGroup var project: ProjectOptions
    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    func run() async throws {
        let project = try Project.loadApplied(project)
        let folder = project.folder
        guard FileManager.default.fileExists(atPath: folder.path) else {
            Terminal.line("\(project.stack.name) has nothing on this machine")
            return
        }
        if let refusal = Self.refusal(project.applied, stackFile: project.stackFile) { throw refusal }
        try confirm(project)
        if let applied = project.applied {
            let steps = StepPrinter()
            if StackProcesses(project: project, applied: applied).areAny {
                steps.headline("Stopping \(applied.stack.name)")
                await StackStop(project: project, applied: applied, steps: steps).run()
            }
        }
        do {
            // Where root has started us, root forgets it afterwards.
            if ProcessInfo.processInfo.environment[AccountEnvironment.stepVariable] == nil {
                try StackTrust(stack: project.stack.name, certificateFile: folder.anchorFile).forget()
            }
        } catch {
            // The stack goes all the same: an authority without a key signs nothing.
            Terminal.error("its certificate authority is still trusted: \((error as? Failure)?.message ?? "\(error)")")
        }
        for path in [folder.path, folder.socketRoot] where FileManager.default.fileExists(atPath: path) {
            do {
                try delete(path)
            } catch {
                let isStep = ProcessInfo.processInfo.environment[AccountEnvironment.stepVariable] != nil
                throw Failure(
                    isStep ? .leftovers : .failed, "cannot delete \(path): \(error.localizedDescription)")
            }
        }
        // The folder of all stacks beside the stack file, when this was the last one.
        rmdir((folder.path as NSString).deletingLastPathComponent)
        Terminal.line(
            "\(project.stack.name) is gone. The servers' programs stay for the next one (tandem engines remove)")
    }

    /// A folder that root has made for the stack is root's to take away.
    private func delete(_ path: String) throws {
        let files = FileManager.default
        guard !files.isWritableFile(atPath: (path as NSString).deletingLastPathComponent) else {
            return try files.removeItem(atPath: path)
        }
        for name in try files.contentsOfDirectory(atPath: path) { try files.removeItem(atPath: "\(path)/\(name)") }
    }

    /// What another project has under the same name is not deleted, as long as its stack file is there.
    static func refusal(_ applied: AppliedStack?, stackFile: String) -> Failure? {
        guard let applied, applied.stackFile != stackFile, FileManager.default.fileExists(atPath: applied.stackFile)
        else { return nil }
        return Failure(
            .failed,
            "what '\(applied.stack.name)' has on this machine belongs to \(applied.stackFile); "
                + "to delete it: tandem destroy --file '\(applied.stackFile)'")
    }

    private func confirm(_ project: Project) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(.usage, "destroy deletes the data of '\(project.stack.name)'; say so with --yes")
        }
        let question =
            "This deletes the stack '\(project.stack.name)' with its databases, for good (\(project.folder.path)).\n"
            + "Type its name to go on: "
        Terminal.write(question, to: .standardError)
        guard readLine() == project.stack.name else { throw Failure(.failed, "nothing was deleted") }
    }
}
