// Moves the focus between a table's rows with the arrow keys; Enter does what a click does. Only the
// first row is a stop of the Tab key, or a hundred rows would stand between the table and what follows.
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
