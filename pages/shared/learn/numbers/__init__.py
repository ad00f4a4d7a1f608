"""Numbers that the texts of the Learn pages quote: one module per page, computed with the functions the page is about."""
