// What the server has put into this page for its script (ordersite/web/pages.py).
export const page = JSON.parse(document.getElementById("page").textContent);
