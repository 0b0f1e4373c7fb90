"""What a browser sees: the plugin's HTTP routes and who may use them."""
