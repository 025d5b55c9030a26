// Readings of what changes all the time.

// One at a time, so that none is followed by an older one; what is asked for meanwhile is read once more after it.
export function oneAtATime(read) {
  let isReading = false;
  let isStale = false;
  return async () => {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale) {
      isStale = false;
      await read();
    }
    isReading = false;
  };
}
