// Moves the focus between a table's rows with the arrow keys; Enter does what a click does.
export function rowKeys(event: KeyboardEvent): void {
  const row = event.currentTarget as HTMLElement;
  if (event.key === 'Enter') {
    event.preventDefault();
    row.click();
  }
  const neighbour =
    event.key === 'ArrowDown' ? row.nextElementSibling : event.key === 'ArrowUp' ? row.previousElementSibling : null;
  if (neighbour instanceof HTMLElement) {
    event.preventDefault();
    neighbour.focus();
  }
}
