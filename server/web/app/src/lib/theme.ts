// Light or dark as the operating system says, also when that changes.
const dark = window.matchMedia('(prefers-color-scheme: dark)');

export function followColorScheme(): void {
  const apply = () => {
    document.documentElement.dataset['bsTheme'] = dark.matches ? 'dark' : 'light';
  };
  dark.addEventListener('change', apply);
  apply();
}

export function onColorScheme(changed: () => void): () => void {
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
