"""The demo's menus as plain data, a file a vendor, in the shape that vendors.services.vendors.import_menu takes."""
