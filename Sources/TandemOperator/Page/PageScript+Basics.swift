extension PageMarkup {
    /// What all parts use. Text only ever becomes text: names and messages come from stack files and logs.
    static let scriptBasics = #"""
        const $ = id => document.getElementById(id);
        const svgNamespace = 'http://www.w3.org/2000/svg';

        function make(tag, className, text) {
          const element = document.createElement(tag);
          if (className) element.className = className;
          if (text !== undefined) element.textContent = text;
          return element;
        }

        function draw(tag, attributes, text) {
          const element = document.createElementNS(svgNamespace, tag);
          for (const name in attributes) element.setAttribute(name, attributes[name]);
          if (text !== undefined) element.textContent = text;
          return element;
        }

        // Nothing is touched that stays as it is: screen readers read what is touched.
        function say(element, text) { if (element.textContent !== text) element.textContent = text; }

        function mark(element, name, value) {
          if (element.dataset[name] !== value) element.dataset[name] = value;
        }

        const marks = { running: '●', starting: '◌', failed: '✗', stopped: '○', waiting: '○' };
        const eventMarks = { primary: '◆', ended: '▲', failed: '✗', restarted: '↻', recovered: '●', settings: '■' };
        const order = ['haproxy', 'nginx', 'app', 'router', 'mysql', 'etcd', 'keepalived'];

        function place(name) {
          const index = order.findIndex(known => name.startsWith(known));
          return index < 0 ? order.length : index;
        }

        function age(since) {
          const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
          if (!Number.isFinite(seconds)) return '';
          if (seconds < 120) return seconds + ' s';
          if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
          if (seconds < 172800) return Math.floor(seconds / 3600) + ' h';
          return Math.floor(seconds / 86400) + ' d';
        }

        // One decimal below ten, none above.
        function rate(value) { return value < 9.95 ? value.toFixed(1) : String(Math.round(value)); }

        function clock(second) {
          return new Date(second * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
        }

        function counted(number, word) { return number + ' ' + word + (number === 1 ? '' : 's'); }

        """#
}
