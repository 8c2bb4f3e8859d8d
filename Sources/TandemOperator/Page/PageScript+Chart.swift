extension PageMarkup {
    /// The last hour: requests and errors above, times below, what happened as marks along both.
    static let scriptChart = #"""
        const points = new Map();
        const panel = { left: 52, marks: 26, requests: 110, gap: 20, times: 84, axis: 20 };
        let span = 3600;
        let bins = [];
        let pointed = null;

        function keep(news) {
          for (const point of news) points.set(point.at, point);
          let newest = 0;
          for (const at of points.keys()) newest = Math.max(newest, at);
          for (const at of points.keys()) if (at <= newest - 3600) points.delete(at);
          return newest;
        }

        // Of each part of the time: requests a second on average, all errors, the longest times of its seconds.
        function collect(newest, count) {
          const width = Math.max(1, Math.ceil(span / count));
          const first = newest - span;
          const found = Array.from({ length: Math.ceil(span / width) }, (_, index) => (
            { at: first + (index + 1) * width, width, requests: null, seconds: 0, errors: 0, p50: null, p99: null }));
          for (const point of points.values()) {
            const bin = found[Math.floor((point.at - first - 1) / width)];
            if (!bin || point.at <= first) continue;
            if (point.requests !== undefined) {
              bin.requests = (bin.requests || 0) + point.requests;
              bin.seconds += 1;
              bin.errors += point.errors || 0;
            }
            if (point.p50 !== undefined) bin.p50 = Math.max(bin.p50 || 0, point.p50);
            if (point.p99 !== undefined) bin.p99 = Math.max(bin.p99 || 0, point.p99);
          }
          for (const bin of found) bin.rate = bin.seconds ? bin.requests / bin.seconds : null;
          return found;
        }

        // The next of 1, 2, 5, 10, 20, …
        function round(value) {
          const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
          return [1, 2, 5, 10].map(step => step * power).find(step => step >= value) || 1;
        }

        function line(values, x, y, className) {
          let path = '';
          let isOpen = false;
          values.forEach((value, index) => {
            if (value === null) { isOpen = false; return; }
            path += (isOpen ? 'L' : 'M') + x(index).toFixed(1) + ' ' + y(value).toFixed(1);
            // A single second is seen, too.
            if (!isOpen) path += 'h.5';
            isOpen = true;
          });
          return draw('path', { d: path, class: className });
        }

        function chart(events) {
          const holder = $('chart');
          const width = Math.max(280, holder.clientWidth);
          const newest = keep([]);
          bins = collect(newest, Math.floor((width - panel.left) / 2));
          const height = panel.marks + panel.requests + panel.gap + panel.times + panel.axis;
          const svg = draw('svg', { viewBox: '0 0 ' + width + ' ' + height, width, height });
          const step = (width - panel.left) / bins.length;
          const x = index => panel.left + (index + .5) * step;
          const bottom = panel.marks + panel.requests;
          const top = round(Math.max(1, ...bins.map(bin => bin.rate || 0)));
          const y = value => bottom - value / top * panel.requests;
          svg.append(...grid(width, bottom, panel.requests, [[top, String(top)], [top / 2, String(top / 2)]], y, 'requests/s'));
          bins.forEach((bin, index) => {
            if (bin.rate === null) return;
            svg.append(draw('rect', { x: panel.left + index * step, y: y(bin.rate), width: step + .2, height: Math.max(0, bottom - y(bin.rate)), class: 'requests' }));
          });
          bins.forEach((bin, index) => {
            if (!bin.errors) return;
            const tall = Math.max(8, Math.min(1, bin.errors / bin.seconds / top) * panel.requests);
            svg.append(draw('rect', { x: panel.left + index * step - .5, y: bottom - tall, width: Math.max(3, step), height: tall, class: 'errors' }));
          });
          svg.append(...times(width, x));
          svg.append(...axis(width, height, newest, bottom));
          svg.append(...happened(events, width, height, newest));
          holder.replaceChildren(svg);
          holder.setAttribute('aria-label', spoken(events, newest));
          read(step);
        }

        function grid(width, bottom, height, ticks, y, title) {
          const parts = [draw('line', { x1: panel.left, x2: width, y1: bottom, y2: bottom, class: 'axis' })];
          for (const [value, text] of ticks) {
            parts.push(draw('line', { x1: panel.left, x2: width, y1: y(value), y2: y(value), class: 'grid' }));
            parts.push(draw('text', { x: panel.left - 6, y: y(value) + 4, 'text-anchor': 'end' }, text));
          }
          parts.push(draw('text', { x: panel.left + 4, y: bottom - height - 5, class: 'title' }, title));
          return parts;
        }

        // On a logarithmic scale, from 1 ms on.
        function times(width, x) {
          const bottom = panel.marks + panel.requests + panel.gap + panel.times;
          const most = Math.max(100, ...bins.map(bin => bin.p99 || 0));
          const powers = Math.ceil(Math.log10(most));
          const y = value => bottom - Math.log10(Math.max(1, value)) / powers * panel.times;
          const ticks = Array.from({ length: powers + 1 }, (_, power) => [10 ** power, power < 3 ? 10 ** power + ' ms' : 10 ** (power - 3) + ' s']);
          return [
            ...grid(width, bottom, panel.times, ticks, y, '99 % within (dashed), half within (solid)'),
            line(bins.map(bin => bin.p99), x, y, 'p99'), line(bins.map(bin => bin.p50), x, y, 'p50')
          ];
        }

        function axis(width, height, newest) {
          const step = span <= 300 ? 60 : span <= 900 ? 300 : width < 500 ? 1200 : 600;
          const parts = [];
          for (let second = Math.ceil((newest - span) / step) * step; newest > 0 && second <= newest; second += step) {
            const x = panel.left + (second - newest + span) / span * (width - panel.left);
            if (x < panel.left + 12 || x > width - 16) continue;
            const text = new Date(second * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
            parts.push(draw('text', { x, y: height - 5, 'text-anchor': 'middle' }, text));
          }
          return parts;
        }

        function happened(events, width, height, newest) {
          return events.filter(event => event.at > newest - span && event.at <= newest + 5).flatMap(event => {
            const x = Math.min(width - 6, panel.left + (event.at - newest + span) / span * (width - panel.left));
            const kind = 'event ' + event.kind;
            const text = draw('text', { x, y: 11, 'text-anchor': 'middle', class: kind }, eventMarks[event.kind] || '•');
            text.append(draw('title', {}, clock(event.at) + ' ' + event.text));
            return [draw('line', { x1: x, x2: x, y1: 14, y2: height - panel.axis, class: kind }), text];
          });
        }

        function spoken(events, newest) {
          const known = bins.filter(bin => bin.rate !== null);
          const [requests, errors] = ['requests', 'errors'].map(name => known.reduce((sum, bin) => sum + bin[name], 0));
          const slowest = Math.max(0, ...bins.map(bin => bin.p99 || 0));
          return 'In the last ' + span / 60 + ' minutes: ' + counted(requests, 'request') + ', ' + counted(errors, 'error') +
            ', in the slowest second 99 % within ' + slowest + ' ms, ' + counted(events.filter(event => event.at > newest - span).length, 'event') + '.';
        }

        // What the pointer shows, or all of it.
        function read(step) {
          const index = pointed === null ? -1 : Math.floor((pointed - panel.left) / (step || (Math.max(280, $('chart').clientWidth) - panel.left) / bins.length));
          const bin = bins[index];
          if (!bin) { say($('reading'), $('chart').getAttribute('aria-label')); return; }
          const parts = [clock(bin.at - bin.width + 1) + (bin.width > 1 ? ', ' + bin.width + ' s' : '')];
          parts.push(bin.rate === null ? 'nobody counted' : rate(bin.rate) + ' requests/s, ' + counted(bin.errors, 'error'));
          if (bin.p50 !== null) parts.push((bin.width > 1 ? 'in the slowest second ' : '') + 'half within ' + bin.p50 + ' ms, 99 % within ' + bin.p99 + ' ms');
          say($('reading'), parts.join(' · '));
        }

        """#
}
