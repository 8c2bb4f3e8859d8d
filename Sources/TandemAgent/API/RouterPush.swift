import Logging
import NIOCore
import TandemBlueprint
import TandemTopology

/// Tells this host's router at once what its next check would tell it, through its socket.
///
/// The checks (`RouterChecks`) stay: they open a router that has just started, and put right whatever was lost here.
struct RouterPush: Sendable {
    let board: TopologyBoard
    let hosts: [String]
    let socket: String
    /// How long answers that are on their way may take to arrive.
    var settlingTime = Self.defaultSettlingTime
    let logger: Logger

    /// A router that hangs or is not there is told by its next check.
    private static let patience = TimeAmount.milliseconds(500)
    /// Before what the router did not take is said again.
    private static let pause = Duration.milliseconds(500)
    static let defaultSettlingTime = Duration.milliseconds(50)

    /// Runs until its task is cancelled.
    func run(_ answers: RouterAnswers) async {
        let questions = RouterQuestion.Purpose.allCases.flatMap { purpose in
            hosts.map { RouterQuestion(purpose: purpose, host: $0) }
        }
        var told: [RouterQuestion: RouterVerdict] = [:]
        while !Task.isCancelled {
            let version = await board.version
            let news = questions.compactMap { question -> Order? in
                guard let verdict = answers.verdict(on: question), told[question] != verdict else { return nil }
                return Order(question: question, verdict: verdict)
            }
            // The router may take a part of it.
            for order in news { told[order.question] = nil }
            let taken = await push(news, answers)
            for order in taken ?? [] { told[order.question] = order.verdict }
            await board.waitForChange(from: version, timeout: taken == nil ? Self.pause : .seconds(60))
        }
    }

    /// What is closed, or closes, is told first. An answer that a check was given before this may arrive at the router
    /// after it, and would open what was deposed, or close what has just been opened, until the next check: so the
    /// router is told once all of those have arrived, and then of what still holds. Checks hear at once of what changes
    /// meanwhile, which the next round tells.
    /// - Returns: what the router was told and still holds; nil: it did not take it.
    private func push(_ news: [Order], _ answers: RouterAnswers) async -> [Order]? {
        guard !news.isEmpty else { return [] }
        let areClosed = await send(news.filter { $0.verdict != .open })
        let areOnTheirWay = await answers.settle(within: settlingTime)
        let valid = news.filter { answers.verdict(on: $0.question) == $0.verdict }
        let isRepeated = areOnTheirWay || !areClosed
        return await send(isRepeated ? valid : valid.filter { $0.verdict == .open }) ? valid : nil
    }

    /// - Returns: whether the router took it.
    private func send(_ orders: [Order]) async -> Bool {
        guard !orders.isEmpty else { return true }
        let commands = orders.map(\.command).joined(separator: "; ")
        do {
            let answer = try await HAProxySocket.ask(commands, at: socket, patience: Self.patience)
            let words = answer.split(whereSeparator: \.isWhitespace)
            if !words.isEmpty {
                logger.warning("the router answers '\(commands)' with: \(words.joined(separator: " "))")
            }
            return true
        } catch {
            logger.debug("the router was not told '\(commands)', and hears it with its next check: \(error)")
            return false
        }
    }

    private struct Order {
        var question: RouterQuestion
        var verdict: RouterVerdict

        /// The same states as the words of `RouterVerdict.reply` set.
        var command: String {
            let state =
                switch verdict {
                case .open: "ready"
                case .drain: "drain"
                case .closed: "maint"
                }
            return "set server \(question.purpose.rawValue)/\(question.host) state \(state)"
        }
    }
}
