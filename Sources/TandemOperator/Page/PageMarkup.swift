import Crypto
import Foundation

/// The live page: one file that needs no other.
enum PageMarkup {
    /// Sent when the link's token was right. A page of our own leads on: the browser does not send a SameSite=Strict
    /// cookie along with a redirect that began on somebody else's page, such as a web mail's.
    static let entrance = """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Tandem</title></head>
        <body><a href="/">To the stack</a></body></html>

        """

    static let page = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Tandem</title>
        <link rel="icon" href="data:,">
        <style>\(style)</style>
        </head>
        <body>
        <header>
        <h1><span id="name">Tandem</span> <span id="state" class="badge">…</span></h1>
        <a id="url" rel="noreferrer noopener" target="_blank"></a>
        <p id="clock"></p>
        </header>
        <p id="gone" role="alert" hidden></p>
        <main>
        <section id="now" aria-labelledby="now-title">
        <h2 id="now-title" class="sr">Now</h2>
        <p id="summary" role="status">Asking the agents …</p>
        <ul id="concerns"></ul>
        </section>
        <section id="stack" aria-labelledby="stack-title">
        <h2 id="stack-title" class="sr">The stack</h2>
        <div id="picture"></div>
        <p id="writes"></p>
        </section>
        <section id="hour" aria-labelledby="hour-title">
        <h2 id="hour-title">Requests</h2>
        <fieldset id="span"><legend class="sr">How far back</legend>
        <label><input type="radio" name="span" value="300"> 5 min</label>
        <label><input type="radio" name="span" value="900"> 15 min</label>
        <label><input type="radio" name="span" value="3600" checked> 1 h</label>
        </fieldset>
        <div id="chart" role="img" aria-label="no requests yet"></div>
        <p id="reading"></p>
        </section>
        <section id="happened" aria-labelledby="happened-title">
        <h2 id="happened-title">What happened</h2>
        <ol id="events"></ol>
        </section>
        </main>
        <noscript><p>This page draws itself with a script of its own, which this browser does not run. The same in the terminal: tandem status --watch</p></noscript>
        <script>\(script)</script>
        </body>
        </html>

        """

    private static let script =
        "'use strict';\n" + scriptBasics + scriptPicture + scriptWires + scriptChart + scriptStream

    /// Nothing but the script and the style of this very text, and the stream of this very server.
    static let policy =
        "default-src 'none'; script-src \(hash(script)); style-src \(hash(style)); connect-src 'self'; "
        + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static func hash(_ text: String) -> String {
        "'sha256-\(Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString())'"
    }
}
