/* picker.tsx - all signals that can be plotted, found by a few letters.
 * SPDX-License-Identifier: MIT */
import { useState } from 'preact/hooks';
import { unitText, exact } from './format';
import { canPlot, type Model } from './store';
import { text } from './text';

export function Picker({ model, keys, toggle }: { model: Model; keys: string[]; toggle: (key: string) => void }) {
    const [wanted, setWanted] = useState('');
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = Object.entries(model.devices).flatMap(([device, d]) =>
        Object.entries(d.signals)
            .filter(([, s]) => canPlot(s))
            .map(([id, s]) => ({ key: `${device}/${id}`, s, text: `${device}/${id} ${s.title} ${s.unit} ${d.type}`.toLowerCase() }))
            .filter((entry) => words.every((w) => entry.text.includes(w))),
    );
    return (
        <div class="picker">
            <input
                type="search"
                placeholder={`${text.search}: ${text.searchHint}`}
                aria-label={text.search}
                value={wanted}
                onInput={(e) => setWanted(e.currentTarget.value)}
            />
            <ul>
                {found.map(({ key, s }) => {
                    const slot = keys.indexOf(key);
                    return (
                        <li key={key}>
                            <label class={slot < 0 ? '' : `plotted s${slot}`}>
                                <input type="checkbox" checked={slot >= 0} onChange={() => toggle(key)} data-pick={key} />
                                <span class="name">
                                    {key}
                                    {s.guess && ' ?'} <small>{s.title}</small>
                                </span>
                                <span class="muted">
                                    {exact(s)}
                                    {unitText(s.unit)}
                                </span>
                            </label>
                        </li>
                    );
                })}
                {found.length === 0 && <li class="empty">{text.nothingFound}</li>}
            </ul>
        </div>
    );
}
