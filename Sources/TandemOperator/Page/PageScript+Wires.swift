extension PageMarkup {
    /// The arrows between the boxes, drawn to where they lie.
    static let scriptWires = #"""
        function box(element) {
          const outer = $('picture').getBoundingClientRect();
          const inner = element.getBoundingClientRect();
          return {
            left: inner.left - outer.left, right: inner.right - outer.left, top: inner.top - outer.top,
            bottom: inner.bottom - outer.top, x: (inner.left + inner.right) / 2 - outer.left,
            y: (inner.top + inner.bottom) / 2 - outer.top
          };
        }

        function wire(from, to, kind, value, isBroken) {
          const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y];
          const bend = from.bend !== undefined
            ? 'C' + from.bend + ' ' + y1 + ' ' + to.bend + ' ' + y2
            : 'C' + x1 + ' ' + (y1 + y2) / 2 + ' ' + x2 + ' ' + (y1 + y2) / 2;
          const path = draw('path', { d: 'M' + x1 + ' ' + y1 + bend + ' ' + x2 + ' ' + y2, class: 'wire ' + kind });
          path.style.setProperty('stroke-width', String(Math.min(5, 1.25 + Math.log10(1 + (value || 0)))));
          if (isBroken) path.classList.add('broken');
          else if (value > 0) path.classList.add('flowing');
          return path;
        }

        function note(x, y, text, anchor) { return draw('text', { x, y, 'text-anchor': anchor || 'middle', class: 'note' }, text); }

        function flowText(flow, isNarrow) {
          return rate(flow.requests_per_second) + '/s' +
            (isNarrow || flow.response_milliseconds === undefined ? '' : ' · ' + flow.response_milliseconds + ' ms') +
            (flow.errors_per_second > 0 ? ' ⚠ ' + rate(flow.errors_per_second) : '');
        }

        // Every arrow's way is dashed and red where its end does not run: neither is told by colour alone.
        function isDown(host, name) {
          const service = host.services.find(service => service.name === name);
          return host.isSilent || !service || service.state !== 'running';
        }

        function connect(state) {
          const wires = $('wires');
          if (!wires) return;
          const size = $('picture').getBoundingClientRect();
          wires.setAttribute('viewBox', '0 0 ' + size.width + ' ' + size.height);
          const hosts = state.status.hosts;
          const parts = [];
          const balancers = hosts.filter(host => cards[host.name].rows.haproxy);
          const webs = hosts.filter(host => cards[host.name].rows.nginx);
          const users = box($('users'));
          balancers.forEach((host, index) => {
            const line = state.lines.find(line => line.host === host.name && line.service === 'haproxy');
            const end = box(cards[host.name].rows.haproxy.item);
            const value = line && line.requests_per_second;
            const x = users.x + (index - (balancers.length - 1) / 2) * 24;
            parts.push(wire({ x, y: users.bottom }, { x: end.x, y: box(cards[host.name].box).top }, 'web', value, isDown(host, 'haproxy')));
          });
          balancers.forEach((host, index) => webs.forEach((web, column) => {
            if (host.name !== web.name) parts.push(...webWire(state, host, web, index, column, balancers.length, webs.length));
          }));
          for (const host of hosts) parts.push(...inside(host));
          parts.push(...databaseWires(state));
          wires.replaceChildren(...parts);
        }

        function webWire(state, host, web, index, column, rows, columns) {
          const [start, end] = [box(cards[host.name].box), box(cards[web.name].box)];
          const flow = state.flows.find(flow => flow.kind === 'web' && flow.from === host.name && flow.to === web.name);
          const from = { x: start.x + (column - (columns - 1) / 2) * 36, y: start.bottom };
          const to = { x: end.x + (index - (rows - 1) / 2) * 36, y: end.top };
          const parts = [wire(from, to, 'web', flow && flow.requests_per_second, isDown(host, 'haproxy') || isDown(web, 'nginx'))];
          // Straight ones have their figures below, crossing ones above, so that these are apart.
          if (flow && columns <= 2 && rows <= 2) {
            const isStraight = Math.abs(start.x - end.x) < 8;
            const side = index === 0 ? -1 : 1;
            const isNarrow = $('picture').clientWidth < 520;
            parts.push(isStraight
              ? note(to.x + side * 8, to.y - 10, flowText(flow, isNarrow), side < 0 ? 'end' : 'start')
              : note(from.x - side * 8, from.y + 20, flowText(flow, isNarrow), side < 0 ? 'start' : 'end'));
          }
          return parts;
        }

        // From one service of a host to the next.
        function inside(host) {
          const rows = cards[host.name].rows;
          const names = host.services.map(service => service.name).filter(name => place(name) >= 1 && place(name) <= 4)
            .sort((one, other) => place(one) - place(other));
          return names.slice(1).map((name, index) => {
            const [start, end] = [box(rows[names[index]].item), box(rows[name].item)];
            return wire({ x: start.left + 17, y: start.bottom }, { x: end.left + 17, y: end.top }, 'inner', 0, isDown(host, names[index]) || isDown(host, name));
          });
        }

        function databaseWires(state) {
          const database = state.status.database;
          const hosts = state.status.hosts;
          const primary = database && hosts.find(host => host.name === database.primary);
          if (!primary || !cards[primary.name].rows.mysql) return [];
          const parts = [];
          const end = box(cards[primary.name].rows.mysql.item);
          for (const host of hosts) {
            if (host.name === primary.name) continue;
            if (cards[host.name].rows.router) {
              const start = box(cards[host.name].rows.router.item);
              const flow = state.flows.find(flow => flow.kind === 'write' && flow.from === host.name && flow.to === primary.name);
              parts.push(sideways(start, end, 'write', flow && flow.requests_per_second, isDown(host, 'router') || isDown(primary, 'mysql')));
            }
            const replica = database.replicas.find(replica => replica.host === host.name);
            if (replica && cards[host.name].rows.mysql) {
              const target = box(cards[host.name].rows.mysql.item);
              parts.push(sideways({ ...end, y: end.y + 8 }, { ...target, y: target.y + 8 }, 'copy', 1, replica.state !== 'streaming' || isDown(host, 'mysql') || isDown(primary, 'mysql')));
            }
          }
          return parts;
        }

        // Between boxes beside each other from edge to edge, and else around their right sides.
        function sideways(start, end, kind, value, isBroken) {
          if (start.right < end.left) return wire({ x: start.right, y: start.y, bend: start.right + 30 }, { x: end.left, y: end.y, bend: end.left - 30 }, kind, value, isBroken);
          if (end.right < start.left) return wire({ x: start.left, y: start.y, bend: start.left - 30 }, { x: end.right, y: end.y, bend: end.right + 30 }, kind, value, isBroken);
          return wire({ x: start.right, y: start.y, bend: start.right + 26 }, { x: end.right, y: end.y, bend: end.right + 26 }, kind, value, isBroken);
        }

        """#
}
