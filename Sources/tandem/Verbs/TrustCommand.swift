import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Makes this machine trust the stack's certificates; --remove takes that back.",
        discussion: """
            Puts the stack's certificate authority into the machine's trust store, which takes root, and into the \
            databases of your Chromium and Firefox if certutil (package libnss3-tools) is there. Whoever has the key of \
            that authority could pose as this stack's domain and addresses and as localhost, and as no other site; the key \
            stays in the stack's folder, mode 0600.
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(help: "Take it out again.")
    var remove = false

    @Flag(help: .hidden)
    var printAuthority = false

    func run() throws {
        if geteuid() == 0, !(printAuthority && OperatorMode.isOn) {
            let authority = try StackAuthority.ofRoot(file: project.file)
            guard try remove ? authority.distrust() : authority.trust() else {
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            return
        }
        let project = try Project.loadApplied(project)
        if printAuthority {
            let certificate = try? String(contentsOfFile: project.folder.anchorFile, encoding: .utf8)
            print(try JSONText.encode(StackAuthority(stack: project.stack.name, certificate: certificate)))
            return
        }
        let trust = StackTrust(stack: project.stack.name, certificateFile: project.folder.anchorFile)
        let isDone = remove ? try trust.remove() : try trust.add()
        // Something is left for root to do.
        if !isDone { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
