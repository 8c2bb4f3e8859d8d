import Logging
import TandemTopology

/// Writes down who leads whenever an agent hears that it has changed.
struct PlacementMemory: Sendable {
    let board: TopologyBoard
    let host: String
    let folder: StackFolder
    let logger: Logger

    /// Runs until the task is cancelled.
    func run() async {
        var written = PlacementRecord.load(host: host, folder: folder)
        while !Task.isCancelled {
            let version = await board.version
            // What is only assumed is no news.
            if let heard = await board.heardPlacement, heard != written {
                do {
                    try PlacementRecord.save(heard, host: host, folder: folder)
                    written = heard
                } catch {
                    logger.error("cannot write down who leads: \(error)")
                }
            }
            await board.waitForChange(from: version, timeout: .seconds(10))
        }
    }
}
