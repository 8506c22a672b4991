// What keeps people from reading the page who do not see well, or use no mouse.
// https://www.w3.org/TR/WCAG22/#contrast-minimum
(() => {
	const faults = [];
	const rgba = (text) => {
		const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
		return text.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
	};
	const luminance = ([r, g, b]) => {
		const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);
			if (c[3] > 0.99) return c;
		}
		return [255, 255, 255, 1];
	};
	const unseen = ".skip, script, style, .u-wrap, noscript, thead";
	for (const e of document.querySelectorAll("body *")) {
		const style = getComputedStyle(e);
		const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
		if (!text || style.visibility === "hidden" || !e.getClientRects().length) continue;
		if (e.closest(unseen)) continue;
		const a = luminance(rgba(style.color)), b = luminance(behind(e));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5) {
			faults.push(`contrast ${contrast.toFixed(2)} of ${e.textContent.trim().slice(0, 40)}`);
		}
	}
	for (const e of document.querySelectorAll("input:not([type=hidden]), select")) {
		if (!e.labels.length) faults.push("no label: " + e.name);
	}
	for (const e of document.querySelectorAll("a, button")) {
		if (!e.textContent.trim()) faults.push("no text: " + e.outerHTML.slice(0, 80));
	}
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of ids) {
		if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("twice: " + id);
	}
	if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
	const width = document.documentElement.scrollWidth;
	if (width > innerWidth) faults.push(`it scrolls sideways: ${width} of ${innerWidth}`);
	return faults;
})()
