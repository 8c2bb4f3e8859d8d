import MySQLConnector

/// The shapes of the RealWorld specification.
extension JSONWriter {
    /// `{"article": …}`
    mutating func single(_ article: Article) {
        raw(#"{"article":"#)
        self.article(article)
        raw("}")
    }

    /// `{"articles": […], "articlesCount": all}`
    mutating func page(_ page: ArticlePage) {
        raw(#"{"articles":"#)
        list(page.articles) { $0.article($1) }
        raw(#","articlesCount":"#)
        number(page.total)
        raw("}")
    }

    /// `{"tags": […]}`
    mutating func tags(_ tags: [String]) {
        raw(#"{"tags":"#)
        strings(tags)
        raw("}")
    }

    /// Nobody has favourites or follows anybody, until there are users.
    private mutating func article(_ article: Article) {
        raw(#"{"slug":"#)
        string(article.slug)
        raw(#","title":"#)
        string(article.title)
        raw(#","description":"#)
        string(article.description)
        raw(#","body":"#)
        string(article.body)
        raw(#","tagList":"#)
        strings(article.tags)
        raw(#","createdAt":"#)
        string(article.createdAt.iso8601)
        raw(#","updatedAt":"#)
        string(article.updatedAt.iso8601)
        raw(#","favorited":false,"favoritesCount":0,"author":{"username":"#)
        string(article.author)
        raw(#","bio":null,"image":null,"following":false}}"#)
    }
}

extension MySQLDateTime {
    /// `2026-01-31T23:59:59.123Z`: to the millisecond, as JavaScript writes dates.
    var iso8601: String {
        func append(_ number: Int, _ width: Int, to text: inout [UInt8]) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(Int(date.year), 4, to: &text)
        for (mark, number) in [("-", date.month), ("-", date.day), ("T", hour), (":", minute), (":", second)]
            as [(Unicode.Scalar, UInt8)]
        {
            text.append(UInt8(ascii: mark))
            append(Int(number), 2, to: &text)
        }
        text.append(UInt8(ascii: "."))
        append(Int(microsecond / 1000), 3, to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}
