import 'bootstrap/dist/css/bootstrap.min.css';
import 'uplot/dist/uPlot.min.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { followColorScheme } from './lib/theme';

followColorScheme();
mount(App, { target: document.getElementById('app')! });
