"""What every page of the back-office shares, whatever it shows: lists, links, amounts, forms that compare."""
